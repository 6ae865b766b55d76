import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { realpathSync } from 'node:fs';
import type { TelemetryEvent } from '@parapet/contract/telemetry';
import { fail, problem } from '@parapet/core';
import { describeWith, eventually, root } from '@parapet/testkit';
import { expect, it } from 'vitest';
import { createKernelWatch } from '../../kernel-watch/kernel-watch.ts';
import { createCollected } from '../testing/collected.ts';
import { createActivityCollector } from './index.ts';

/** A kernel before 5.8, or one that is locked down. */
const withoutPrograms = () =>
  createActivityCollector(
    createKernelWatch({
      cpuCores: undefined,
      open: () => fail(problem('no-btf', 'This kernel does not tell its types.')),
    }),
    { begin: () => {} },
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
});
