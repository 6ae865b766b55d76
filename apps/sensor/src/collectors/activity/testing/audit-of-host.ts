import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail, problem } from '@parapet/core';
import { openAuditControl } from '@parapet/kernel';
import { eventually, type Requirement, root } from '@parapet/testkit';
import { afterAll, afterEach } from 'vitest';
import { type AuditMemory, AuditState, createAuditMemory } from '../../../kernel-watch/audit-memory.ts';
import { createAuditTeller } from '../../../kernel-watch/audit-teller.ts';
import { createKernelWatch } from '../../../kernel-watch/kernel-watch.ts';
import { createStartTellers } from '../../../kernel-watch/start-tellers.ts';
import { readBootId } from '../../../proc/host-times.ts';
import { createStateFile } from '../../../state/state-files.ts';
import type { RunningCollector } from '../../collector.ts';
import type { Collected } from '../../testing/collected.ts';
import { createActivityCollector } from '../index.ts';

/**
 * A sensor's use of the kernel's audit, of which a host has one, with a state folder of its own. Whatever fails in a test of this file,
 * nothing of ours stays in the kernel: what was given to `afterwards` is done after it, the last first, and audit put back.
 */
export const useAuditOfHost = async () => {
  const folder = mkdtempSync(join(tmpdir(), 'audit-state-'));
  const file = createStateFile(folder, 'audit.json', AuditState);
  const memory = createAuditMemory({ procPath: '/proc', bootId: readBootId('/proc'), file });
  const stops: (() => Promise<unknown>)[] = [];
  afterEach(async () => {
    for (const stop of stops.splice(0).reverse()) await stop();
    await memory.settle();
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const afterwards = (stop: () => Promise<unknown>): void => void stops.push(stop);
  return { folder, file, memory, afterwards, usable: await findUsableAudit(memory) };
};

/** Waits for its end, where it has not ended already. */
export const endChild = async (child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
};

/** Audit may be used here. Who uses it for a moment, as a sensor of another run of these tests, is waited for. */
const findUsableAudit = async (memory: AuditMemory): Promise<Requirement> => {
  let reason: string | undefined = 'needs root';
  const isDecided = async (): Promise<boolean> => {
    const opened = await createAuditTeller({ sharing: 'unused', procPath: '/proc', memory }).open();
    reason = opened.ok ? undefined : opened.error.message;
    if (opened.ok) await opened.value.close();
    return reason === undefined || !reason.includes('already');
  };
  if (root.met) await eventually('audit that nobody holds', isDecided).catch(() => undefined);
  return { met: reason === undefined, reason: reason ?? '' };
};

/** The activity collector of a sensor that has nothing better than audit. */
export const startByAudit = async (collected: Collected, memory: AuditMemory): Promise<RunningCollector> => {
  const kernel = createKernelWatch({ cpuCores: undefined, open: () => fail(problem('no-btf', 'No types here.')) });
  const tellers = createStartTellers('audit', { rootPath: '/', sharing: 'unused', procPath: '/proc', memory });
  return createActivityCollector(kernel, { begin: () => {} }, () => {}, tellers, memory).start(collected.context);
};

/** What is set in the kernel, without what it counts. */
export const readAudit = async () => {
  const control = openAuditControl();
  try {
    const { enabled, failure, backlogLimit, backlogWaitTime } = await control.status();
    return { enabled, failure, backlogLimit, backlogWaitTime, rules: await control.rules() };
  } finally {
    control.close();
  }
};

export const startOf = ({ telemetry }: Collected, pid: number) =>
  telemetry.events.find((event) => event['process.pid'] === pid && event['event.action'] === 'exec');
export const endOf = ({ telemetry }: Collected, pid: number) =>
  telemetry.events.find((event) => event['process.pid'] === pid && event['event.action'] === 'exit');
const lost = ({ telemetry, blind }: Collected): number =>
  blind.length + (telemetry.accounts.at(-1)?.lost.reduce((sum, { count }) => sum + count, 0) ?? 0);

/** Starts a program until audit told of one. On a host that is busy with other starts the kernel may drop some: then another one is tried. */
export const runUntilTold = (collected: Collected, run: () => number): Promise<number> =>
  eventually('a start that audit told of', async () => {
    const before = lost(collected);
    const pid = run();
    await eventually('its end', async () => endOf(collected, pid) !== undefined || lost(collected) > before);
    const isTold = startOf(collected, pid)?.['parapet.source'] === 'audit' && endOf(collected, pid) !== undefined;
    return isTold && pid;
  });
