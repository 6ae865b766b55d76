import { bootClockNs, type ProbedEvent } from '@parapet/kernel';
import type { KernelMember, KernelWatch } from '../../kernel-watch/kernel-watch.ts';
import type { TcpChange } from '../../kernel-watch/tcp-connections.ts';
import type { TelemetrySource } from '../../telemetry/telemetry-stream.ts';
import type { CollectorContext, CollectorDefinition } from '../collector.ts';
import { createUserNames } from '../process/user-names.ts';
import { describeTcp } from './connection-events.ts';
import type { EventDeps } from './event-base.ts';
import { describeExec, describeExit } from './process-events.ts';

/** What processes do, event by event: starts with arguments, ends, TCP connections. */
export const createActivityCollector = (kernel: KernelWatch): CollectorDefinition => ({
  name: 'activity',
  title: 'Starts and ends of processes and their connections, each as an event',
  needs: [{ kind: 'root', reason: 'Events are told by the kernel, which asks for root: sudo ./parapet up' }],
  start: async (context) => {
    const source = context.telemetry.open('activity');
    const deps: EventDeps = {
      memory: kernel.memory,
      users: createUserNames('/etc/passwd', context.clock.now),
      running: context.workloads.process,
      wallTimeUs: createWallTime(),
    };
    const joined = kernel.join({
      onEvent: (event, change) => tell(event, change, source, deps),
      onUnreadable: () => source.lost({ stage: 'reader', cause: 'unreadable', count: 1 }),
    });
    if (!joined.ok) {
      context.report({ state: 'refused', source: 'none', reason: joined.error.message });
      return { stop: async () => {} };
    }
    context.report({ state: 'running', source: 'programs of our own in the kernel (eBPF)' });
    return keepAccount(context, source, joined.value);
  },
});

const accountEveryMs = 5000;

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

const tell = (event: ProbedEvent, change: TcpChange | undefined, source: TelemetrySource, deps: EventDeps): void => {
  switch (event.kind) {
    case 'fork':
      source.unwanted(1);
      return;
    case 'exec':
      source.tell('process', describeExec(event, deps));
      return;
    case 'exit':
      source.tell('process', describeExit(event, deps));
      return;
    case 'socket':
      if (change === undefined) source.unwanted(1);
      else source.tell('network', describeTcp(change, deps));
  }
};

/** The kernel counts what it made and what a full ring could not take. What is still in the ring belongs to the next account. */
const keepAccount = (
  context: CollectorContext,
  source: TelemetrySource,
  member: KernelMember,
): { readonly stop: () => Promise<void> } => {
  let before = { lost: 0, missed: 0 };
  const account = (): void => {
    const { produced, lost, missed, delivered } = member.account();
    const waiting = Math.max(0, produced - lost - delivered);
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
      member.leave();
    },
  };
};
