import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf } from '@parapet/core';
import type { Log } from '../log.ts';
import type { StateFile } from '../state/state-files.ts';
import { failureOf, UpgradeFailure } from './failure.ts';
import type { UpgradeFiles } from './files.ts';
import { type Installation, launcherOf } from './program.ts';
import type { UpgradeRecord } from './record.ts';
import type { RunTrial, TrialResult } from './trial.ts';
import { switchCurrent } from './version-folders.ts';

/** The new version has this long to start and be welcomed by the console. */
export const trialMs = 60_000;

export type HandOverDeps = {
  readonly installation: Installation;
  readonly stateDir: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly files: UpgradeFiles;
  readonly record: StateFile<UpgradeRecord>;
  readonly run: RunTrial;
  readonly startTicksOf: (pid: number) => number | undefined;
  /** Whether this version can reach the console now; rejects with the reason when it cannot. */
  readonly reachConsole: () => Promise<void>;
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly timeoutMs?: number;
};

/**
 * Lets the new version run once, with a copy of the state, while this one is silent, and makes it the current one when it
 * connected. Until then nothing points to it: whatever ends this process, the old version is what starts again. Resolves with
 * the build that is to run now; the record says why when it is the old one.
 */
export const handOver = async (deps: HandOverDeps, record: UpgradeRecord): Promise<string> => {
  const { rootDir, build } = deps.installation;
  try {
    await tryOut(deps, record);
    await switchCurrent(deps.files, rootDir, record.to.build);
    return record.to.build;
  } catch (error) {
    const { reason, message } = failureOf(error, 'disk');
    deps.log.error('the upgrade is undone', { to: record.to.build, reason, error: message });
    await deps.record
      .write({ ...record, failure: { reason, message: message.slice(0, 2048) } })
      .catch((unsaved: unknown) => deps.log.warn('state could not be saved', { error: messageOf(unsaved) }));
    return build;
  } finally {
    await removeTrialState(deps.stateDir).catch(() => undefined);
  }
};

const tryOut = async (deps: HandOverDeps, record: UpgradeRecord): Promise<void> => {
  const stateDir = await copyState(deps.stateDir);
  const result = await deps.run({
    launcher: launcherOf(deps.installation.rootDir, record.to.build),
    env: { ...deps.env, PARAPET_STATE_DIR: stateDir },
    timeoutMs: deps.timeoutMs ?? trialMs,
    signal: deps.signal,
    onSpawn: async (pid) => {
      const startTicks = deps.startTicksOf(pid);
      if (startTicks !== undefined) await deps.record.write({ ...record, trial: { pid, startTicks } });
    },
  });
  if (result.kind !== 'connected') throw await verdictOn(result, deps);
};

/** A console that nobody can reach says nothing about the new version. */
const verdictOn = async (
  result: Exclude<TrialResult, { kind: 'connected' }>,
  deps: HandOverDeps,
): Promise<UpgradeFailure> => {
  switch (result.kind) {
    case 'aborted':
      return new UpgradeFailure('interrupted', 'The sensor was stopped while the new version was tried.');
    case 'crashed':
      return new UpgradeFailure('crashed', `The new version could not stay up. ${result.detail}`);
    case 'silent': {
      const seconds = (deps.timeoutMs ?? trialMs) / 1000;
      if (!result.ready) {
        return new UpgradeFailure('no-connection', `The new version was not ready within ${seconds} s.`);
      }
      const detail = result.detail === '' ? '' : ` It said: ${result.detail}`;
      const unreachable = await deps.reachConsole().then(
        () => undefined,
        (error: unknown) => messageOf(error),
      );
      return unreachable === undefined
        ? new UpgradeFailure('no-connection', `The new version did not connect within ${seconds} s.${detail}`)
        : new UpgradeFailure(
            'console-unreachable',
            `The console could not be reached, by the old version either (${unreachable}), so the new one could not be tried.`,
          );
    }
  }
};

/** What a sensor needs to be this host. The trial may write to it in whatever format it has: it is thrown away. */
const copiedFiles = ['identity.json', 'stream.json', 'run.json'] as const;

/** All that an upgrade keeps lies in one folder of the state folder. */
export const upgradeDir = (stateDir: string): string => join(stateDir, 'upgrade');
const trialDir = (stateDir: string): string => join(upgradeDir(stateDir), 'trial');

const copyState = async (stateDir: string): Promise<string> => {
  await removeTrialState(stateDir);
  const target = trialDir(stateDir);
  await mkdir(target, { mode: 0o700, recursive: true });
  for (const name of copiedFiles) await copyFile(join(stateDir, name), join(target, name));
  return target;
};

export const removeTrialState = (stateDir: string): Promise<void> =>
  rm(trialDir(stateDir), { recursive: true, force: true });
