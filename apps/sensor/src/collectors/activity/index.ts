import { bootClockNs, openProbes, type ProbeAccount, type ProbedEvent, type Probes } from '@parapet/kernel';
import type { TelemetrySource } from '../../telemetry/telemetry-stream.ts';
import type { CollectorContext, CollectorDefinition } from '../collector.ts';
import { createUserNames } from '../process/user-names.ts';
import { type ConnectionEvents, createConnectionEvents } from './connection-events.ts';
import type { EventDeps } from './event-base.ts';
import { describeExec, describeExit, rememberFork } from './process-events.ts';
import { createProcessMemory } from './process-memory.ts';

/**
 * What processes do, event by event: starts with arguments, ends, TCP connections. Where the sensor keeps to a limit of CPU, reading
 * takes half of it at most: beyond that events are lost in the kernel, counted, and the rest of the sensor goes on.
 */
export const createActivityCollector = (limits: { readonly cpuCores: number | undefined }): CollectorDefinition => ({
  name: 'activity',
  title: 'Starts and ends of processes and their connections, each as an event',
  needs: [{ kind: 'root', reason: 'Events are told by the kernel, which asks for root: sudo ./parapet up' }],
  start: async (context) => {
    const source = context.telemetry.open('activity');
    const deps: EventDeps = {
      memory: createProcessMemory(),
      users: createUserNames('/etc/passwd', context.clock.now),
      running: context.workloads.process,
      wallTimeUs: createWallTime(),
    };
    const connections = createConnectionEvents(deps);
    const counts = { delivered: 0 };
    const opened = openProbes({
      probes: ['fork', 'exec', 'exit', 'socket'],
      drainEveryMs,
      ...(limits.cpuCores === undefined ? {} : { drainBudgetMs: (drainEveryMs * limits.cpuCores) / 2 }),
      onEvent: (event) => {
        counts.delivered += 1;
        tell(event, source, connections, deps);
      },
      onUnreadable: () => {
        counts.delivered += 1;
        source.lost({ stage: 'reader', cause: 'unreadable', count: 1 });
      },
    });
    if (!opened.ok) {
      context.report({ state: 'refused', source: 'none', reason: opened.error.message });
      return { stop: async () => {} };
    }
    context.report({ state: 'running', source: 'programs of our own in the kernel (eBPF)' });
    return keepAccount(context, source, opened.value, counts);
  },
});

const accountEveryMs = 5000;
const drainEveryMs = 25;

/** The kernel's clock and ours are compared anew now and then: ours may be set. */
const createWallTime = (): ((atNs: bigint) => number) => {
  let offsetUs = 0;
  let comparedAt = Number.NEGATIVE_INFINITY;
  return (atNs) => {
    const now = performance.now();
    if (now - comparedAt > 1000) {
      comparedAt = now;
      offsetUs = Math.round(Date.now() * 1000 - Number(bootClockNs()) / 1000);
    }
    return offsetUs + Math.round(Number(atNs) / 1000);
  };
};

const tell = (event: ProbedEvent, source: TelemetrySource, connections: ConnectionEvents, deps: EventDeps): void => {
  switch (event.kind) {
    case 'fork':
      rememberFork(event, deps);
      source.unwanted(1);
      return;
    case 'exec':
      source.tell('process', describeExec(event, deps));
      return;
    case 'exit':
      source.tell('process', describeExit(event, deps));
      return;
    case 'socket': {
      const told = connections.describe(event);
      if (told === undefined) source.unwanted(1);
      else source.tell('network', told);
    }
  }
};

/** The kernel counts what it made and what a full ring could not take. What is still in the ring belongs to the next account. */
const keepAccount = (
  context: CollectorContext,
  source: TelemetrySource,
  probes: Probes,
  counts: { readonly delivered: number },
): { readonly stop: () => Promise<void> } => {
  let before = { lost: 0, missed: 0 };
  const account = (): void => {
    probes.drain();
    const { produced, lost, missed } = sum(probes.account());
    const waiting = Math.max(0, produced - lost - counts.delivered);
    const lose = (cause: string, count: number): void => {
      source.lost({ stage: 'kernel', cause, count });
      if (count > 0) context.lose({ stage: 'kernel', cause, count });
    };
    lose('ring full', lost - before.lost);
    lose('probe busy', missed - before.missed);
    source.account(produced - waiting + missed);
    before = { lost, missed };
  };
  const timer = setInterval(account, accountEveryMs);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      account();
      probes.close();
    },
  };
};

const sum = (accounts: readonly ProbeAccount[]): { produced: number; lost: number; missed: number } =>
  accounts.reduce(
    (total, { produced, lost, missed }) => ({
      produced: total.produced + produced,
      lost: total.lost + lost,
      missed: total.missed + missed,
    }),
    { produced: 0, lost: 0, missed: 0 },
  );
