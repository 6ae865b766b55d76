import { readdirSync } from 'node:fs';
import { type Look, type LookAnswer, lookLimits } from '@parapet/contract/wire';
import { messageOf } from '@parapet/core';
import type { Log } from '../log.ts';
import { containersInCgroup } from '../proc/container-ids.ts';
import { readStat } from '../proc/process-files.ts';
import { readSmall } from '../proc/read-small.ts';
import { type LookDeps, lookAtProcess } from './look-at-process.ts';

/** Answers looks, one after another. */
export type LookDesk = (look: Look, send: (answer: LookAnswer) => void) => void;

/** A console asks one at a time; more is somebody else's console or a bug. */
const maxWaiting = 4;

export const createLookDesk = (deps: LookDeps & { readonly log: Log }): LookDesk => {
  let waiting = 0;
  let working: Promise<void> = Promise.resolve();
  return (look, send) => {
    const end = (left: number, problem?: string): void =>
      send({ kind: 'look-answer', lookId: look.lookId, end: { left, ...(problem === undefined ? {} : { problem }) } });
    if (waiting >= maxWaiting) {
      end(0, 'This sensor is busy with other looks.');
      return;
    }
    waiting += 1;
    deps.log.info('look', { lookId: look.lookId, target: look.target.kind });
    working = working
      .then(() => answer(deps, look, send, end))
      .catch((error: unknown) => {
        deps.log.warn('a look failed', { lookId: look.lookId, error: messageOf(error) });
        end(0, 'It could not be looked at. The sensor’s log says why.');
      })
      .finally(() => {
        waiting -= 1;
      });
  };
};

const answer = async (
  deps: LookDeps,
  { lookId, target }: Look,
  send: (answer: LookAnswer) => void,
  end: (left: number, problem?: string) => void,
): Promise<void> => {
  const found = target.kind === 'process' ? [identityOf(target.process)] : processesIn(deps.procPath, target.runtimeId);
  let seen = 0;
  for (const identity of found.slice(0, lookLimits.processes)) {
    const process = await lookAtProcess(deps, identity);
    if (process === undefined) continue;
    seen += 1;
    send({ kind: 'look-answer', lookId, process });
  }
  end(Math.max(0, found.length - lookLimits.processes), seen === 0 ? nothingThere[target.kind] : undefined);
};

const nothingThere = {
  process: 'This process has ended.',
  container: 'No process of this container runs.',
} as const;

const identityOf = (process: string): { readonly pid: number; readonly startTicks: number } => {
  const [pid, startTicks] = process.split(':').map(Number);
  return { pid: pid ?? 0, startTicks: startTicks ?? 0 };
};

/** Processes whose innermost container this is, as events name it. */
const processesIn = (procPath: string, runtimeId: string) =>
  readdirSync(procPath)
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .toSorted((a, b) => a - b)
    .filter((pid) => {
      const cgroup = readSmall(`${procPath}/${pid}/cgroup`, 16 * 1024, 'utf8');
      return cgroup !== undefined && containersInCgroup(cgroup.text).at(-1)?.id === runtimeId;
    })
    .flatMap((pid) => {
      const stat = readStat(procPath, pid);
      return stat === undefined ? [] : [{ pid, startTicks: stat.startTicks }];
    });
