import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail, problem } from '@parapet/core';
import { openAuditControl } from '@parapet/kernel';
import { describeWith, eventually, root } from '@parapet/testkit';
import { afterAll, afterEach, expect, it } from 'vitest';
import { AuditState, createAuditMemory } from '../../kernel-watch/audit-memory.ts';
import { createAuditTeller } from '../../kernel-watch/audit-teller.ts';
import { createKernelWatch } from '../../kernel-watch/kernel-watch.ts';
import { createStartTellers } from '../../kernel-watch/start-tellers.ts';
import { readBootId } from '../../proc/host-times.ts';
import { createStateFile } from '../../state/state-files.ts';
import { type Collected, createCollected } from '../testing/collected.ts';
import { createActivityCollector } from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'audit-state-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = createStateFile(folder, 'audit.json', AuditState);
const memory = createAuditMemory({ procPath: '/proc', bootId: readBootId('/proc'), file });
const parts = { sharing: 'unused', procPath: '/proc', memory } as const;
const isHeld = (reason: string): boolean => reason.includes('already');

/** A host has one audit. Who uses it for a moment, as a sensor of another run of these tests, is waited for. */
const whyNotHere = async (): Promise<string | undefined> => {
  let reason: string | undefined = 'needs root';
  const isDecided = async (): Promise<boolean> => {
    const opened = await createAuditTeller(parts).open();
    reason = opened.ok ? undefined : opened.error.message;
    if (opened.ok) await opened.value.close();
    return reason === undefined || !isHeld(reason);
  };
  if (root.met) await eventually('audit that nobody holds', isDecided).catch(() => undefined);
  return reason;
};
const reason = await whyNotHere();

const start = async (collected: Collected, own = parts) => {
  const kernel = createKernelWatch({ cpuCores: undefined, open: () => fail(problem('no-btf', 'No types here.')) });
  const tellers = createStartTellers('audit', { rootPath: '/', ...own });
  const running = await createActivityCollector(kernel, { begin: () => {} }, () => {}, tellers, own.memory).start(
    collected.context,
  );
  stops.push(() => running.stop());
  return running;
};
/** Another sensor, which is killed at the end whatever happens. */
const hold = async (env = process.env): Promise<ChildProcess> => {
  const child = fork(join(import.meta.dirname, '../../kernel-watch/testing/hold-audit.ts'), [folder], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    env,
  });
  stops.push(() => kill(child));
  expect(await once(child, 'message')).toEqual(['open', undefined]);
  return child;
};
const kill = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
};
const stops: (() => Promise<void>)[] = [];
// Whatever failed: nothing of ours stays in the kernel.
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
  await memory.settle();
});

/** What is set in the kernel, without what it counts. */
const readAudit = async () => {
  const control = openAuditControl();
  try {
    const { enabled, failure, backlogLimit, backlogWaitTime } = await control.status();
    return { enabled, failure, backlogLimit, backlogWaitTime, rules: await control.rules() };
  } finally {
    control.close();
  }
};
const startOf = ({ telemetry }: Collected, pid: number) =>
  telemetry.events.find((event) => event['process.pid'] === pid && event['event.action'] === 'exec');
const endOf = ({ telemetry }: Collected, pid: number) =>
  telemetry.events.find((event) => event['process.pid'] === pid && event['event.action'] === 'exit');
const lost = ({ telemetry, blind }: Collected): number =>
  blind.length + (telemetry.accounts.at(-1)?.lost.reduce((sum, { count }) => sum + count, 0) ?? 0);

/** Starts a program until audit told of one. On a host that is busy with other starts the kernel may drop some: then another one is tried. */
const runUntilTold = async (collected: Collected, run: () => number): Promise<number> => {
  for (let tries = 0; tries < 50; tries += 1) {
    const before = lost(collected);
    const pid = run();
    await eventually('its end', async () => endOf(collected, pid) !== undefined || lost(collected) > before);
    if (startOf(collected, pid)?.['parapet.source'] === 'audit' && endOf(collected, pid) !== undefined) return pid;
  }
  throw new Error('Audit told of none of 50 starts.');
};

describeWith(
  [root, { met: reason === undefined, reason: reason ?? '' }],
  'the activity collector by the kernel’s audit',
  () => {
    it('takes audit from nobody, takes up what a killed sensor left, tells all arguments and leaves all as it was', async () => {
      const before = await readAudit();
      const other = await hold();
      const during = await readAudit();
      expect(during.enabled).toBe(1);
      expect(during.rules.length).toBeGreaterThan(before.rules.length);

      const refused = createCollected();
      const elsewhere = createAuditMemory({ procPath: '/proc', bootId: '', file: undefined });
      const second = await start(refused, { ...parts, memory: elsewhere });
      expect(refused.statuses).toMatchObject([
        {
          state: 'degraded',
          source: expect.stringContaining('/proc'),
          reason: expect.stringContaining(`process ${other.pid}`),
        },
      ]);
      await second.stop();
      expect(await readAudit()).toEqual(during);

      await kill(other);
      // Its rules go with it, by the kernel; that audit is on stays.
      await eventually('no rules', async () => (await readAudit()).rules.length === before.rules.length);
      expect((await readAudit()).enabled).toBe(1);
      const collected = createCollected();
      const running = await start(collected);
      expect(collected.statuses).toMatchObject([
        {
          state: 'degraded',
          source: expect.stringContaining('the kernel’s audit'),
          reason: expect.stringContaining('types'),
        },
      ]);
      const sh = (args: readonly string[]) => () =>
        spawnSync('/bin/sh', args, { cwd: folder, uid: 65_534, gid: 65_533 }).pid;
      const plain = await runUntilTold(collected, sh(['-c', 'exit 7', '--password=hunter2-and-more']));
      // Written as hex, and in pieces over several records.
      const odd = ['-c', 'exit 0', 'two words', 'é\n\u001b[31m"quoted"', '', 'x'.repeat(2000), 'after'];
      const hex = await runUntilTold(collected, sh(odd));
      const list = ['-c', 'exit 0', ...Array.from({ length: 9 }, () => 'y'.repeat(100_000))];
      const long = await runUntilTold(collected, sh(list));
      await running.stop();

      expect(startOf(collected, plain)).toMatchObject({
        ...{ 'process.name': 'sh', 'process.executable': realpathSync('/bin/sh'), 'process.parent.pid': process.pid },
        ...{ 'process.args': ['/bin/sh', '-c', 'exit 7', '--password=****'], 'process.args_count': 4 },
        ...{ 'user.id': 65_534, 'user.group.id': 65_533, 'process.working_directory': realpathSync(folder) },
      });
      expect(endOf(collected, plain)).toMatchObject({
        ...{ 'parapet.source': 'proc-connector', 'process.exit_code': 7 },
        'process.entity_id': startOf(collected, plain)?.['process.entity_id'],
      });
      expect(startOf(collected, hex)).toMatchObject({ 'process.args': ['/bin/sh', ...odd] });
      const cut = startOf(collected, long);
      expect(cut?.['process.args']?.slice(0, 3)).toEqual(['/bin/sh', '-c', 'exit 0']);
      expect(cut?.['process.args']?.[3]).toMatch(/^y{3000,4096}$/);
      expect(cut?.['process.args_count']).toBeUndefined();
      expect(await readAudit()).toEqual(before);
      expect(await file.read()).toBeUndefined();
    });

    it('counts the starts whose arguments the kernel had no room for, and goes on', async () => {
      const before = await readAudit();
      const collected = createCollected();
      const running = await start(collected);
      // Nothing is read meanwhile: each has 140 records, and some 10,000 find room.
      const list = Array.from({ length: 10 }, () => 'z'.repeat(100_000));
      const pids = Array.from({ length: 200 }, () => spawnSync('/bin/true', list).pid);
      const dropped = (): number =>
        collected.losses.reduce(
          (sum, { stage, cause, count }) => sum + (stage === 'kernel' && cause === 'arguments of a start' ? count : 0),
          0,
        );
      await eventually('what was dropped', async () => dropped() > 0);
      await runUntilTold(collected, () => spawnSync('/bin/true', ['afterwards']).pid);
      await running.stop();
      const bare = pids.filter((pid) => {
        const event = startOf(collected, pid);
        return event !== undefined && event['process.args'] === undefined;
      });
      expect(bare.length).toBeGreaterThan(0);
      const counted = collected.losses.filter(({ cause }) => cause === 'arguments of a start');
      expect(counted.reduce((sum, { count }) => sum + count, 0)).toBeGreaterThanOrEqual(bare.length);
      expect(await readAudit()).toEqual(before);
    });

    it('is put back after a kill also where no sensor runs again', async () => {
      const before = await readAudit();
      // As before Linux 4.18, where no rule goes with who made it.
      const other = await hold({ ...process.env, TMPDIR: join(folder, 'missing') });
      const during = await readAudit();
      await kill(other);
      expect((await readAudit()).rules).toEqual(during.rules);
      const main = join(import.meta.dirname, '../../main.ts');
      const put = spawnSync(process.execPath, ['--disable-warning=ExperimentalWarning', main, 'put-back'], {
        env: { ...process.env, PARAPET_STATE_DIR: folder },
        encoding: 'utf8',
      });
      expect(put).toMatchObject({ status: 0, stderr: '' });
      expect(await readAudit()).toEqual(before);
      expect(await file.read()).toBeUndefined();
    });
  },
);
