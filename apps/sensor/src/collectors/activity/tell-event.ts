import type { EventAction, EventKind, TelemetryEvent } from '@parapet/contract/telemetry';
import type { ProbedEvent, ProbedExec } from '@parapet/kernel';
import { processId } from '../../kernel-watch/process-identity.ts';
import type { TcpChange } from '../../kernel-watch/tcp-connections.ts';
import type { TelemetrySource } from '../../telemetry/telemetry-stream.ts';
import { describeDatagram, describeTcp, tcpAction } from './connection-events.ts';
import type { DnsEvents } from './dns-events.ts';
import type { EventDeps } from './event-base.ts';
import type { ExecutableHashes } from './executable-hashes.ts';
import { describeModule, describeMount, describePrivilege, describeTrace } from './kernel-events.ts';
import { describeExec, describeExit } from './process-events.ts';
import type { RightsMemory } from './rights-memory.ts';

export type ActivityDeps = EventDeps & {
  readonly rights: RightsMemory;
  readonly hashes: Pick<ExecutableHashes, 'begin'>;
  readonly dns: DnsEvents;
};

/** Tells an event or counts it as unwanted, once: the account depends on it. */
export const tellEvent = (
  event: ProbedEvent,
  change: TcpChange | undefined,
  source: TelemetrySource,
  deps: ActivityDeps,
): void => {
  const tellIf = (kind: EventKind, action: EventAction, describe: () => TelemetryEvent | undefined): void => {
    const told = source.wants(action) ? describe() : undefined;
    if (told === undefined) source.unwanted(1);
    else source.tell(kind, told);
  };
  const id = processId(event.process.pid, event.process.startNs);
  switch (event.kind) {
    case 'fork':
      source.unwanted(1);
      return;
    case 'exec':
      deps.rights.note(id, event.process);
      tellIf('process', 'exec', () => describeHashed(event, deps));
      return;
    case 'exit':
      deps.rights.forget(id);
      tellIf('process', 'exit', () => describeExit(event, deps));
      return;
    case 'rights': {
      const parentId = processId(event.process.parentPid, event.process.parentStartNs);
      const before = deps.rights.change(id, parentId, event.process);
      const known = before === 'unknown' ? undefined : before;
      tellIf('privilege', 'privilege-change', () =>
        before === undefined ? undefined : describePrivilege(event, known, deps),
      );
      return;
    }
    case 'trace':
      tellIf('kernel', 'ptrace', () => describeTrace(event, deps));
      return;
    case 'module':
      tellIf('kernel', 'module-load', () => describeModule(event, deps));
      return;
    case 'mount':
      tellIf('kernel', 'mount', () => describeMount(event, deps));
      return;
    case 'dns':
      if (source.wants('dns-query')) deps.dns.take(event, performance.now());
      else source.unwanted(1);
      return;
    case 'dns-stream':
      if (source.wants('dns-query')) deps.dns.takeStream(event, performance.now());
      else source.unwanted(1);
      return;
    case 'datagram':
      tellIf('network', 'datagram', () => describeDatagram(event, deps));
      return;
    case 'socket':
      if (change === undefined) source.unwanted(1);
      else tellIf('network', tcpAction(change), () => describeTcp(change, deps));
  }
};

const describeHashed = (exec: ProbedExec, deps: ActivityDeps): TelemetryEvent => {
  const event = describeExec(exec, deps);
  deps.hashes.begin(exec, event);
  return event;
};
