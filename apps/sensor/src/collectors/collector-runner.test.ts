import { createManualClock } from '@parapet/core';
import { describe, expect, it } from 'vitest';
import { createInventoryStore } from '../inventory/inventory-store.ts';
import { createLossLedger } from '../inventory/loss-ledger.ts';
import { silentLog } from '../log.ts';
import { createToldTelemetry } from '../telemetry/testing/told-telemetry.ts';
import type { CollectorContext, CollectorDefinition } from './collector.ts';
import { createCollectorRunner } from './collector-runner.ts';
import { createWorkloadDirectory } from './workload-directory-store.ts';

const createRunner = (isRoot = true) => {
  const clock = createManualClock(1000);
  const losses = createLossLedger(clock);
  const store = createInventoryStore({ clock, lose: losses.count });
  losses.attach(store);
  const runner = createCollectorRunner({
    ...{
      inventory: store,
      telemetry: createToldTelemetry().sink,
      workloads: createWorkloadDirectory(),
      losses,
      clock,
      isRoot,
    },
    log: silentLog,
    bootId: 'b',
    procPath: '/proc',
  });
  const records = () => store.take(1_000_000, 1000).map(({ json }) => JSON.parse(json));
  return { clock, runner, records };
};

const collector = (
  start: (context: CollectorContext) => void,
  needs: CollectorDefinition['needs'] = [],
): CollectorDefinition => ({
  name: 'test',
  needs,
  start: async (context) => {
    start(context);
    return { stop: async () => {} };
  },
});

describe('the collector runner', () => {
  it('refuses with the reason of the first need that is not met', async () => {
    const { runner, records } = createRunner(false);
    await runner.start([collector(() => {}, [{ kind: 'root', reason: 'Only root may.' }])]);
    expect(records()).toMatchObject([{ kind: 'collector', key: 'test', state: 'refused', reason: 'Only root may.' }]);
    await runner.start([collector(() => {}, [{ kind: 'readable', path: '/no/such', reason: 'Not there.' }])]);
    expect(records()).toMatchObject([{ state: 'refused', reason: 'Not there.' }]);
    await runner.stop();
  });

  it('reports a failed start and goes on with the others', async () => {
    const { runner, records } = createRunner();
    const broken = collector(() => {
      throw new Error('no luck');
    });
    const good = { ...collector(({ report }) => report({ state: 'running', source: 'x' })), name: 'good' };
    await runner.start([broken, good]);
    expect(records()).toMatchObject([
      { key: 'test', state: 'failed', reason: 'no luck' },
      { key: 'good', state: 'running', source: 'x' },
    ]);
    await runner.stop();
  });

  it('keeps the time since which a state holds', async () => {
    const { clock, runner, records } = createRunner();
    let context: CollectorContext | undefined;
    await runner.start([
      collector((given) => {
        context = given;
        given.report({ state: 'running', source: 'a' });
      }),
    ]);
    clock.advance(500);
    context?.report({ state: 'degraded', source: 'a', reason: 'r' });
    clock.advance(500);
    context?.report({ state: 'degraded', source: 'a', reason: 'other words' });
    expect(records()).toMatchObject([{ startedAt: 1500, state: 'degraded', reason: 'other words' }]);
    await runner.stop();
  });

  it('tells the same again once only', async () => {
    const { runner, records } = createRunner();
    let context: CollectorContext | undefined;
    await runner.start([
      collector((given) => {
        context = given;
      }),
    ]);
    const degraded = { state: 'degraded', source: 'a', reason: 'r' } as const;
    context?.report(degraded);
    expect(records()).toHaveLength(1);
    context?.report({ ...degraded });
    expect(records()).toHaveLength(0);
    context?.report({ state: 'running', source: 'a' });
    context?.report(degraded);
    expect(records()).toMatchObject([degraded]);
    await runner.stop();
  });

  it('makes records of losses and blind spans', async () => {
    const { clock, runner, records } = createRunner();
    await runner.start([
      collector((context) => {
        context.lose({ stage: 'ring', cause: 'overflow', count: 3 });
        context.lose({ stage: 'ring', cause: 'overflow', count: 4 });
        const span = context.blind('nothing was heard', 900);
        context.blind('nothing was seen', 900).end(950);
        clock.advance(100);
        span.end();
      }),
    ]);
    expect(records().toSorted((one, other) => (one.key < other.key ? -1 : 1))).toMatchObject([
      { kind: 'blind', startedAt: 900, endedAt: 1100, collector: 'test', cause: 'nothing was heard' },
      { kind: 'blind', startedAt: 900, endedAt: 950, collector: 'test', cause: 'nothing was seen' },
      { kind: 'loss', key: 'test|ring|overflow', lost: 7 },
    ]);
    await runner.stop();
  });
});
