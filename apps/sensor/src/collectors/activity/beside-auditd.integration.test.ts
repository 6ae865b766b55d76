import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openAuditControl } from '@parapet/kernel';
import { describeWith, eventually, programOf, root } from '@parapet/testkit';
import { expect, it } from 'vitest';
import { createCollected } from '../testing/collected.ts';
import { endChild, readAudit, runUntilTold, startByAudit, startOf, useAuditOfHost } from './testing/audit-of-host.ts';

const { folder, file, memory, usable, afterwards } = await useAuditOfHost();

const log = join(folder, 'audit.log');
const settings = [
  ...['local_events = yes', 'write_logs = yes', `log_file = ${log}`, 'log_format = RAW', 'flush = NONE'],
  ...['max_log_file = 8', 'num_logs = 2', 'max_log_file_action = ROTATE', `plugin_dir = ${join(folder, 'plugins')}`],
  ...['space_left = 2', 'space_left_action = IGNORE', 'admin_space_left = 1', 'admin_space_left_action = IGNORE'],
  ...['disk_full_action = IGNORE', 'disk_error_action = IGNORE', 'name_format = NONE'],
];

/** The daemon itself, which is ended and its switch put back whatever happens. */
const startDaemon = (): ChildProcess => {
  mkdirSync(join(folder, 'plugins'), { recursive: true });
  writeFileSync(join(folder, 'auditd.conf'), `${settings.join('\n')}\n`);
  chmodSync(join(folder, 'auditd.conf'), 0o640);
  const daemon = spawn('auditd', ['-n', '-c', folder], { stdio: 'ignore' });
  afterwards(() => endChild(daemon, 'SIGTERM'));
  return daemon;
};
const readPid = async (): Promise<number> => {
  const control = openAuditControl();
  try {
    return (await control.status()).pid;
  } finally {
    control.close();
  }
};
const switchBy = (enabled: number): void => {
  const control = openAuditControl();
  control.set({ enabled });
  control.close();
};
const isTheirs = (daemon: ChildProcess) => async (): Promise<boolean> => (await readPid()) === daemon.pid;
const written = (): string => readFileSync(log, 'latin1');

describeWith([root, usable, programOf('auditd')], 'the activity collector beside auditd', () => {
  it('leaves it alone, says so, and adds nothing to its log', async () => {
    const { enabled } = await readAudit();
    afterwards(async () => switchBy(enabled));
    const daemon = startDaemon();
    await eventually('auditd has the records', isTheirs(daemon));
    await eventually('it is on', async () => (await readAudit()).enabled === 1);
    const before = await readAudit();
    const collected = createCollected();
    const running = await startByAudit(collected, memory);
    expect(collected.statuses).toMatchObject([
      {
        state: 'degraded',
        source: expect.stringContaining('/proc'),
        reason: expect.stringContaining(`go to auditd (process ${daemon.pid}) already`),
      },
    ]);
    const { pid } = spawnSync('/bin/sh', ['-c', 'exit 7', 'not-for-auditd']);
    await eventually('a start', async () => startOf(collected, pid) !== undefined);
    await running.stop();
    expect(startOf(collected, pid)?.['parapet.source']).toBe('proc-connector');
    expect(await readAudit()).toEqual(before);
    expect(await readPid()).toBe(daemon.pid);
    expect(written()).not.toContain('EXECVE');
    expect(await file.read()).toBeUndefined();
  });

  it('lets it have audit when it comes later, and leaves nothing of its own behind', async () => {
    const before = await readAudit();
    afterwards(async () => switchBy(before.enabled));
    const collected = createCollected();
    const running = await startByAudit(collected, memory);
    await runUntilTold(collected, () => spawnSync('/bin/true', ['by-audit']).pid);
    // The kernel refuses the first one that asks while we are there, and its unit starts it once more.
    const first = startDaemon();
    await eventually('it has the records, or was refused', async () => {
      return (await readPid()) === first.pid || first.exitCode !== null;
    });
    await eventually('it is said', async () => /asked for|took/.test(collected.statuses.at(-1)?.reason ?? ''));
    const daemon = first.exitCode === null ? first : startDaemon();
    await eventually('auditd has the records', isTheirs(daemon));
    await eventually('it is on', async () => (await readAudit()).enabled === 1);
    const { pid } = spawnSync('/bin/sh', ['-c', 'exit 7', 'afterwards']);
    await eventually('a start', async () => startOf(collected, pid) !== undefined);
    await running.stop();
    expect(startOf(collected, pid)?.['parapet.source']).toBe('proc-connector');
    expect(await readAudit()).toEqual({ ...before, enabled: 1 });
    expect(await readPid()).toBe(daemon.pid);
    expect(written()).not.toContain('afterwards');
    expect(await file.read()).toBeUndefined();
  });
});
