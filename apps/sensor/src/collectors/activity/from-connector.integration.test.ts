import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, realpathSync, rmdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { TelemetryEvent } from '@parapet/contract/telemetry';
import type { ContainerRecord } from '@parapet/contract/wire';
import { fail, problem } from '@parapet/core';
import { describeWith, eventually, root } from '@parapet/testkit';
import { expect, it } from 'vitest';
import { createAuditMemory } from '../../kernel-watch/audit-memory.ts';
import type { AuditTellerDeps } from '../../kernel-watch/audit-teller.ts';
import type { EventSource } from '../../kernel-watch/event-source.ts';
import { createKernelWatch } from '../../kernel-watch/kernel-watch.ts';
import { createStartTellers } from '../../kernel-watch/start-tellers.ts';
import { createCollected } from '../testing/collected.ts';
import type { WorkloadDirectoryStore } from '../workload-directory-store.ts';
import { createActivityCollector } from './index.ts';

const forgetful = createAuditMemory({ procPath: '/proc', bootId: '', file: undefined });
/** A kernel before 5.8, or one that is locked down. */
const withoutPrograms = (
  endLife: WorkloadDirectoryStore['endLife'] = () => {},
  first: EventSource = 'proc-connector',
  audit: Partial<AuditTellerDeps> = {},
) =>
  createActivityCollector(
    createKernelWatch({
      cpuCores: undefined,
      open: () => fail(problem('no-btf', 'This kernel does not tell its types.')),
    }),
    { begin: () => {} },
    endLife,
    createStartTellers(first, { rootPath: '/', procPath: '/proc', sharing: 'off', memory: forgetful, ...audit }),
  );

describeWith([root], 'the activity collector on a kernel without our programs', () => {
  it('tells starts and ends by the process connector, accounts for each and says what it does not see', async () => {
    const collected = createCollected();
    const running = await withoutPrograms().start(collected.context);
    expect(collected.statuses).toMatchObject([
      { state: 'degraded', reason: expect.stringContaining('This kernel does not tell its types.') },
    ]);
    const { events, accounts } = collected.telemetry;
    const of = (pid: number | undefined, action: string) =>
      eventually(`${action} of ${pid}`, async () =>
        events.find((event) => event['process.pid'] === pid && event['event.action'] === action),
      );
    // It waits until it was seen. On a host that is busy with other starts it may be told unread; then another one is tried.
    const begin = async (): Promise<{ child: ChildProcess; started: TelemetryEvent }> => {
      const child = spawn('/bin/sh', ['-c', 'read line; exit 7', '--password=hunter2-and-more'], {
        stdio: ['pipe', 'ignore', 'ignore'],
        uid: 65_534,
      });
      return { child, started: await of(child.pid, 'exec') };
    };
    const end = async ({ child }: { child: ChildProcess }): Promise<void> => {
      const exited = once(child, 'exit');
      child.stdin?.end('\n');
      await exited;
    };
    let waits = await begin();
    for (let tries = 0; waits.started['process.args'] === undefined && tries < 50; tries += 1) {
      await end(waits);
      waits = await begin();
    }
    const { child, started } = waits;
    await end(waits);
    const brief = spawnSync('/bin/sh', ['-c', 'exit 0']);
    const ended = await of(child.pid, 'exit');
    const briefly = [await of(brief.pid, 'exec'), await of(brief.pid, 'exit')];
    await running.stop();

    expect(started).toMatchObject({
      'parapet.source': 'proc-connector',
      'process.executable': realpathSync('/bin/sh'),
      'process.args': ['/bin/sh', '-c', 'read line; exit 7', '--password=****'],
      'process.parent.pid': process.pid,
      'user.id': 65_534,
    });
    expect(ended).toMatchObject({ 'process.exit_code': 7, 'process.entity_id': started['process.entity_id'] });
    expect(briefly[1]?.['process.entity_id']).toBe(briefly[0]?.['process.entity_id']);
    const account = accounts.at(-1);
    const lost = account?.lost.reduce((sum, { count }) => sum + count, 0) ?? 0;
    expect(account?.told).toBe(events.length);
    expect(account?.produced).toBe((account?.told ?? 0) + (account?.unwanted ?? 0) + lost);
  });

  it('tells the arguments also of what is over at once, by programs at tracepoints that need no types', async () => {
    const collected = createCollected();
    const running = await withoutPrograms(undefined, 'tracepoints').start(collected.context);
    expect(collected.statuses).toMatchObject([
      { state: 'degraded', source: expect.stringContaining('tracepoints'), reason: expect.stringContaining('types') },
    ]);
    const { telemetry, blind } = collected;
    const of = (pid: number, action: string) =>
      telemetry.events.find((event) => event['process.pid'] === pid && event['event.action'] === action);
    const lost = (): number =>
      blind.length + (telemetry.accounts.at(-1)?.lost.reduce((sum, { count }) => sum + count, 0) ?? 0);
    // On a host that is busy with other starts the kernel may drop some: then another one is tried.
    const told: number[] = [];
    for (let tries = 0; told.length < 5 && tries < 50; tries += 1) {
      const before = lost();
      const args = ['-c', 'exit 7', '--password=hunter2-and-more'];
      const { pid } = spawnSync('/bin/sh', args, { uid: 65_534, gid: 65_533 });
      await eventually('its end', async () => of(pid, 'exit') !== undefined || lost() > before);
      if (of(pid, 'exec')?.['parapet.source'] === 'tracepoints' && of(pid, 'exit') !== undefined) told.push(pid);
    }
    await running.stop();
    expect(told).toHaveLength(5);
    for (const pid of told) {
      expect(of(pid, 'exec')).toMatchObject({
        'process.name': 'sh',
        'process.args': ['/bin/sh', '-c', 'exit 7', '--password=****'],
        'process.parent.pid': process.pid,
        ...{ 'user.id': 65_534, 'user.group.id': 65_533 },
      });
      expect(of(pid, 'exit')).toMatchObject({
        ...{ 'parapet.source': 'proc-connector', 'process.exit_code': 7 },
        'process.entity_id': of(pid, 'exec')?.['process.entity_id'],
      });
    }
  });

  it('tells the life of a container that nobody reported', async () => {
    const id = randomBytes(32).toString('hex');
    const base = existsSync('/sys/fs/cgroup/cgroup.controllers') ? '/sys/fs/cgroup' : '/sys/fs/cgroup/pids';
    const group = `${base}/parapet-${process.pid}/libpod_parent/libpod-${id}`;
    mkdirSync(group, { recursive: true });
    const collected = createCollected();
    const lives: ContainerRecord[] = [];
    const running = await withoutPrograms((life) => void lives.push(life)).start(collected.context);
    const ours = () => lives.filter(({ runtimeId }) => runtimeId === id);
    const { telemetry, blind } = collected;
    const isTold = (pid: number | undefined, action: string, times: number): boolean =>
      telemetry.events.filter((event) => event['process.pid'] === pid && event['event.action'] === action).length >=
      times;
    const lost = (): number =>
      blind.length + (telemetry.accounts.at(-1)?.lost.reduce((sum, { count }) => sum + count, 0) ?? 0);
    // The group is read while the process waits. On a host that is busy with other starts there may be no time for it, or the kernel
    // drops some: then another one is tried.
    for (let tries = 0; ours().length === 0 && tries < 50; tries += 1) {
      const before = lost();
      const child = spawn('/bin/sh', ['-c', `echo $$ > ${group}/cgroup.procs; exec /bin/sh -c 'read line'`], {
        stdio: ['pipe', 'ignore', 'inherit'],
      });
      const exited = once(child, 'exit');
      await eventually('both starts', async () => isTold(child.pid, 'exec', 2) || lost() > before);
      child.stdin?.end('\n');
      await exited;
      await eventually('its end', async () => isTold(child.pid, 'exit', 1) || lost() > before);
    }
    await running.stop();
    for (const folder of [group, dirname(group), dirname(dirname(group))]) rmdirSync(folder);
    expect(ours()).toMatchObject([{ key: `podman:${id}`, runtime: 'podman', startInferred: true, state: 'removed' }]);
    const [life] = ours();
    expect(life?.endedAt).toBeGreaterThanOrEqual(life?.startedAt ?? Number.POSITIVE_INFINITY);
  });
});
