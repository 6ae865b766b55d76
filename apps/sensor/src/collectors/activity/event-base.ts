import type { EventAction, TelemetryEvent } from '@parapet/contract/telemetry';
import type { ProbedEvent } from '@parapet/kernel';
import type { EventSource } from '../../kernel-watch/event-source.ts';
import { containersOf, processId } from '../../kernel-watch/process-identity.ts';
import { type ProcessMemory, type RunningProcess, recallOrLook } from '../../kernel-watch/process-memory.ts';
import { nameLater } from '../../kernel-watch/process-name.ts';
import type { UserNames } from '../process/user-names.ts';

export type EventDeps = {
  /** What tells of processes: default our programs in the kernel. */
  readonly source?: EventSource;
  readonly memory: ProcessMemory;
  readonly users: UserNames;
  /** What runs under a pid now, for processes that were there before we looked. */
  readonly running: RunningProcess;
  /** Microseconds since the Unix epoch of a moment in nanoseconds since boot. */
  readonly wallTimeUs: (atNs: bigint) => number;
};

/** The fields that every event of a process has. */
export const describeProcess = (
  action: EventAction,
  { atNs, process, thread }: Pick<ProbedEvent, 'atNs' | 'process' | 'thread'>,
  deps: EventDeps,
): TelemetryEvent => {
  const id = processId(process.pid, process.startNs);
  const parentId = processId(process.parentPid, process.parentStartNs);
  const remembered = deps.memory.recall(id);
  const parent = recallOrLook(parentId, process.parentPid, deps);
  const container = containersOf(process).at(-1)?.id;
  // Inside a container the numbers belong to users that its own files name.
  const user = container === undefined ? deps.users.nameOf(process.uid) : undefined;
  const event: TelemetryEvent = {
    '@timestamp': deps.wallTimeUs(atNs),
    'event.action': action,
    'parapet.source': deps.source ?? 'ebpf',
    'process.pid': process.pid,
    'process.entity_id': id,
    'process.start': deps.wallTimeUs(process.startNs),
    'process.parent.pid': process.parentPid,
    'process.parent.entity_id': parentId,
    'user.id': process.uid,
    'user.group.id': process.gid,
  };
  const name = nameLater(process.comm, () => recallOrLook(id, process.pid, deps).name);
  if (name !== '') event['process.name'] = name;
  if (thread !== undefined) event['process.thread.name'] = thread;
  // Set one by one: objects spread into one another are half of what an event costs.
  if (remembered !== undefined && remembered.executable !== '') event['process.executable'] = remembered.executable;
  if (parent.executable !== '') {
    event['process.parent.name'] = parent.name;
    event['process.parent.executable'] = parent.executable;
  }
  if (user !== undefined) event['user.name'] = user;
  if (process.effectiveUid !== process.uid) event['user.effective.id'] = process.effectiveUid;
  if (process.loginUid !== undefined) event['parapet.login.user.id'] = process.loginUid;
  if (process.sessionId !== undefined) event['parapet.login.session'] = process.sessionId;
  if (container !== undefined) event['container.id'] = container;
  // None is known of a process that was there before we looked.
  if (process.netNamespace !== 0) event['parapet.namespace.net'] = process.netNamespace;
  return event;
};
