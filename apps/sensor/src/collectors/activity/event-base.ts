import type { EventAction, TelemetryEvent } from '@parapet/contract/telemetry';
import type { ProbedEvent } from '@parapet/kernel';
import { containersOf, processId } from '../../kernel-watch/process-identity.ts';
import { type ProcessMemory, type RunningProcess, recallOrLook } from '../../kernel-watch/process-memory.ts';
import type { UserNames } from '../process/user-names.ts';

export type EventDeps = {
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
  { atNs, process }: Pick<ProbedEvent, 'atNs' | 'process'>,
  deps: EventDeps,
): TelemetryEvent => {
  const id = processId(process.pid, process.startNs);
  const parentId = processId(process.parentPid, process.parentStartNs);
  const remembered = deps.memory.recall(id);
  const parent = recallOrLook(parentId, process.parentPid, deps);
  const container = containersOf(process).at(-1)?.id;
  // Inside a container the numbers belong to users that its own files name.
  const user = container === undefined ? deps.users.nameOf(process.uid) : undefined;
  return {
    '@timestamp': deps.wallTimeUs(atNs),
    'event.action': action,
    'parapet.source': 'ebpf',
    'process.pid': process.pid,
    'process.entity_id': id,
    'process.name': process.comm,
    ...(remembered === undefined || remembered.executable === ''
      ? {}
      : { 'process.executable': remembered.executable }),
    'process.start': deps.wallTimeUs(process.startNs),
    'process.parent.pid': process.parentPid,
    'process.parent.entity_id': parentId,
    ...(parent.executable === ''
      ? {}
      : { 'process.parent.name': parent.name, 'process.parent.executable': parent.executable }),
    'user.id': process.uid,
    ...(user === undefined ? {} : { 'user.name': user }),
    ...(process.effectiveUid === process.uid ? {} : { 'user.effective.id': process.effectiveUid }),
    'user.group.id': process.gid,
    ...(process.loginUid === undefined ? {} : { 'parapet.login.user.id': process.loginUid }),
    ...(process.sessionId === undefined ? {} : { 'parapet.login.session': process.sessionId }),
    ...(container === undefined ? {} : { 'container.id': container }),
  };
};
