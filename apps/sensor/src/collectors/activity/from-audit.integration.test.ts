import { type ChildProcess, fork, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { describeWith, eventually, root } from '@parapet/testkit';
import { expect, it } from 'vitest';
import { createAuditMemory } from '../../kernel-watch/audit-memory.ts';
import { type Collected, createCollected } from '../testing/collected.ts';
import {
  endChild,
  endOf,
  readAudit,
  runUntilTold,
  startByAudit,
  startOf,
  useAuditOfHost,
} from './testing/audit-of-host.ts';
import { writeProgramOf32Bits } from './testing/program-of-32-bits.ts';

const { folder, file, memory, usable, afterwards } = await useAuditOfHost();

/** Some kernels are made without, or told to refuse them. */
const program = join(realpathSync(folder), 'of-32-bits');
writeProgramOf32Bits(program);
const runs32Bits = process.arch === 'x64' && spawnSync(program).status === 7;

const start = async (collected: Collected, own = memory) => {
  const running = await startByAudit(collected, own);
  afterwards(() => running.stop());
  return running;
};
/** Another sensor, which is killed at the end whatever happens. */
const hold = async (env = process.env): Promise<ChildProcess> => {
  const child = fork(join(import.meta.dirname, '../../kernel-watch/testing/hold-audit.ts'), [folder], {
    execArgv: ['--disable-warning=ExperimentalWarning'],
    env,
  });
  afterwards(() => kill(child));
  expect(await once(child, 'message')).toEqual(['open', undefined]);
  return child;
};
const kill = (child: ChildProcess): Promise<void> => endChild(child, 'SIGKILL');

describeWith([root, usable], 'the activity collector by the kernel’s audit', () => {
  it('takes audit from nobody, takes up what a killed sensor left, tells all arguments and leaves all as it was', async () => {
    const before = await readAudit();
    const other = await hold();
    const during = await readAudit();
    expect(during.enabled).toBe(1);
    expect(during.rules.length).toBeGreaterThan(before.rules.length);

    const refused = createCollected();
    const elsewhere = createAuditMemory({ procPath: '/proc', bootId: '', file: undefined });
    const second = await start(refused, elsewhere);
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

  it.skipIf(!runs32Bits)('tells 32-bit programs, and what they start', async () => {
    const collected = createCollected();
    const running = await start(collected);
    const started = await runUntilTold(collected, () => spawnSync(program, { cwd: folder }).pid);
    const became = await runUntilTold(collected, () => spawnSync(program, ['/bin/true', '--two words']).pid);
    await running.stop();
    expect(startOf(collected, started)).toMatchObject({ 'process.executable': program, 'process.args': [program] });
    expect(endOf(collected, started)).toMatchObject({ 'process.exit_code': 7 });
    const starts = collected.telemetry.events.filter(
      (event) => event['process.pid'] === became && event['event.action'] === 'exec',
    );
    expect(starts).toMatchObject([
      { 'parapet.source': 'audit', 'process.args': [program, '/bin/true', '--two words'] },
      {
        ...{ 'parapet.source': 'audit', 'process.args': ['/bin/true', '--two words'] },
        'process.executable': realpathSync('/bin/true'),
      },
    ]);
  });

  it('counts the starts whose arguments the kernel had no room for, and goes on', async () => {
    const before = await readAudit();
    const collected = createCollected();
    const running = await start(collected);
    // Nothing is read meanwhile: each has 140 records, and some 10,000 find room.
    const list = Array.from({ length: 10 }, () => 'z'.repeat(100_000));
    const pids = Array.from({ length: 200 }, () => spawnSync('/bin/true', list).pid);
    // Which stage they are counted at is a matter of time: the kernel's, where they are told soon after it said that it dropped some.
    const counted = (): number =>
      collected.losses.reduce((sum, { cause, count }) => sum + (cause === 'arguments of a start' ? count : 0), 0);
    await eventually('what was dropped', async () => counted() > 0);
    await runUntilTold(collected, () => spawnSync('/bin/true', ['afterwards']).pid);
    await running.stop();
    const bare = pids.filter((pid) => {
      const event = startOf(collected, pid);
      return event !== undefined && event['process.args'] === undefined;
    });
    expect(bare.length).toBeGreaterThan(0);
    expect(counted()).toBeGreaterThanOrEqual(bare.length);
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
});
