import type { EventAction } from '@parapet/contract/telemetry';
import type { ProbeName } from '@parapet/kernel';
import type { AuditMemory } from '../../kernel-watch/audit-memory.ts';
import type { KernelMember, KernelWatch } from '../../kernel-watch/kernel-watch.ts';
import type { StartTeller } from '../../kernel-watch/start-teller.ts';
import { createWallTime } from '../../kernel-watch/wall-time.ts';
import type { TelemetrySource } from '../../telemetry/telemetry-stream.ts';
import type { CollectorContext, CollectorDefinition, CollectorStatus } from '../collector.ts';
import { createUserNames } from '../process/user-names.ts';
import type { WorkloadDirectoryStore } from '../workload-directory-store.ts';
import { createDnsEvents, type DnsEvents } from './dns-events.ts';
import type { EventDeps } from './event-base.ts';
import type { ExecutableHashes } from './executable-hashes.ts';
import { startFromConnector } from './from-connector.ts';
import { createRightsMemory, type RightsMemory } from './rights-memory.ts';
import { type ActivityDeps, tellEvent } from './tell-event.ts';

/** What processes do, event by event: starts with arguments, ends, TCP connections, changes of rights, and what they ask of the kernel. */
export const createActivityCollector = (
  kernel: KernelWatch,
  hashes: Pick<ExecutableHashes, 'begin'>,
  endLife: WorkloadDirectoryStore['endLife'],
  /** Where our programs that read the kernel's types cannot run. */
  tellers: readonly StartTeller[] = [],
  audit?: Pick<AuditMemory, 'settle'>,
): CollectorDefinition => ({
  name: 'activity',
  needs: [{ kind: 'root', reason: 'Events are told by the kernel, which asks for root: sudo ./parapet up' }],
  start: async (context) => {
    // Whatever is used this time.
    const unsettled = await audit?.settle();
    if (unsettled !== undefined) context.log.warn('the kernel’s audit was not put back', { error: unsettled });
    const source = context.telemetry.open('activity');
    const base: EventDeps = {
      memory: kernel.memory,
      users: createUserNames('/etc/passwd', context.clock.now),
      running: context.workloads.process,
      wallTimeUs: createWallTime(),
    };
    const dns = createDnsEvents({
      ...base,
      tell: (event) => source.tell('dns', event),
      unwanted: () => source.unwanted(1),
      broken: () => source.lost({ stage: 'reader', cause: 'DNS stream with a gap', count: 1 }),
    });
    const deps: ActivityDeps = { ...base, hashes, dns, rights: createRightsMemory() };
    const joined = kernel.join({
      onEvent: (event, change) => tellEvent(event, change, source, deps),
      onUnreadable: () => source.lost({ stage: 'reader', cause: 'unreadable', count: 1 }),
    });
    if (!joined.ok)
      return startFromConnector({ context, source, kernel, tellers, refusal: joined.error.message, deps, endLife });
    const settleRests = createRests(context, source, joined.value, deps.rights);
    return keepAccount(source, { member: joined.value, dns, settleRests });
  },
});

const accountEveryMs = 5000;

const toldBy: Readonly<Partial<Record<ProbeName, string>>> = {
  module: 'kernel modules',
  systemCall: 'changes of privilege, ptrace and mounts',
  dnsQuestion: 'names that were asked for',
  dnsAnswer: 'answers to those who asked for names',
  dnsStreamSent: 'names that were asked for over TCP',
  dnsStreamReceived: 'answers over TCP to those who asked for names',
  datagramConnected: 'datagrams of connected sockets',
  datagramSent: 'datagrams sent over IPv4',
  datagramSent6: 'datagrams sent over IPv6',
  datagramReceived: 'datagrams received over IPv4',
  datagramReceived6: 'datagrams received over IPv6',
};

const statusOf = (missing: readonly ProbeName[], resting: readonly ProbeName[]): CollectorStatus => {
  const source = 'programs of our own in the kernel (eBPF)';
  const words = (names: readonly ProbeName[]): string => names.map((name) => toldBy[name] ?? name).join(', ');
  const reasons = [
    ...(missing.length === 0 ? [] : [`This kernel has no place for the programs that tell of: ${words(missing)}.`]),
    ...(resting.length === 0
      ? []
      : [`The telemetry policy wants nothing of these, so they are in no count: ${words(resting)}.`]),
  ];
  return {
    ...{ state: missing.length === 0 ? 'running' : 'degraded', source },
    ...(reasons.length === 0 ? {} : { reason: reasons.join(' ') }),
  };
};

/** Probes that tell only events, with the actions that they tell. */
const eventProbes = {
  module: ['module-load'],
  systemCall: ['privilege-change', 'ptrace', 'mount'],
  dnsQuestion: ['dns-query'],
  dnsAnswer: ['dns-query'],
  dnsStreamSent: ['dns-query'],
  dnsStreamReceived: ['dns-query'],
  datagramConnected: ['datagram'],
  datagramSent: ['datagram'],
  datagramSent6: ['datagram'],
  datagramReceived: ['datagram'],
  datagramReceived6: ['datagram'],
} as const satisfies Readonly<Partial<Record<ProbeName, readonly EventAction[]>>>;
const eventProbeNames = Object.keys(eventProbes) as readonly (keyof typeof eventProbes)[];

/** Lets probes rest of which the policy wants nothing, for as long as it does; says which these are. */
const createRests = (
  context: CollectorContext,
  source: TelemetrySource,
  member: KernelMember,
  rights: RightsMemory,
): (() => void) => {
  let resting: readonly ProbeName[] | undefined;
  const settle = (): void => {
    const now = eventProbeNames.filter(
      (name) => !member.missing.includes(name) && eventProbes[name].every((action) => !source.wants(action)),
    );
    if (resting !== undefined && resting.join() === now.join()) return;
    if (resting?.includes('systemCall') === true) rights.forgetAll();
    const settled = member.rest(now);
    // What could not be put back is tried again with the next account.
    resting = settled.ok ? now : undefined;
    const status = statusOf(member.missing, now);
    context.report(settled.ok ? status : { ...status, state: 'degraded', reason: settled.error.message });
  };
  settle();
  return settle;
};

/** The kernel counts what it made and what a full ring could not take. What is still in the ring belongs to the next account. */
const keepAccount = (
  source: TelemetrySource,
  {
    member,
    dns,
    settleRests,
  }: { readonly member: KernelMember; readonly dns: DnsEvents; readonly settleRests: () => void },
): { readonly stop: () => Promise<void> } => {
  let before = { lost: 0, missed: 0 };
  const account = (nowMs: number): void => {
    const { produced, lost, missed, delivered } = member.account();
    const waiting = Math.max(0, produced - lost - delivered);
    const lose = (cause: string, count: number): void => source.lost({ stage: 'kernel', cause, count });
    lose('ring full', lost - before.lost);
    lose('probe busy', missed - before.missed);
    dns.expire(nowMs);
    source.account(produced - waiting - dns.waiting() + dns.extra() + missed);
    before = { lost, missed };
    settleRests();
  };
  const timer = setInterval(() => account(performance.now()), accountEveryMs);
  timer.unref();
  return {
    stop: async () => {
      clearInterval(timer);
      account(Number.POSITIVE_INFINITY);
      member.leave();
    },
  };
};
