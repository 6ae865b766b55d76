import { basename } from 'node:path';
import type { EventAction, TelemetryEvent } from '@parapet/contract/telemetry';
import type { ProbedEvent, ProbedProcess } from '@parapet/kernel';
import { containersInCgroup } from '../../proc/container-ids.ts';
import type { UserNames } from '../process/user-names.ts';
import type { ProcessMemory, RememberedProcess } from './process-memory.ts';

export type EventDeps = {
  readonly memory: ProcessMemory;
  readonly users: UserNames;
  /** What runs under a pid now, for processes that were there before we looked. */
  readonly running: (pid: number) => { readonly key: string; readonly executable: string } | undefined;
  /** Microseconds since the Unix epoch of a moment in nanoseconds since boot. */
  readonly wallTimeUs: (atNs: bigint) => number;
};

/** Identity of a process on its host: as the key of its `ProcessRecord`, whose start is in ticks of 10 ms. */
export const processId = (pid: number, startNs: bigint): string => `${pid}:${startNs / nsPerTick}`;

const nsPerTick = 10_000_000n;

/** The fields that every event of a process has. */
export const describeProcess = (
  action: EventAction,
  { atNs, process }: Pick<ProbedEvent, 'atNs' | 'process'>,
  deps: EventDeps,
): TelemetryEvent => {
  const id = processId(process.pid, process.startNs);
  const parentId = processId(process.parentPid, process.parentStartNs);
  const remembered = deps.memory.recall(id);
  const parent = recall(parentId, process.parentPid, deps);
  const container = containerOf(process);
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
    ...(parent === undefined || parent.executable === ''
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

/** A process from before we looked is known as long as it runs, and only if it is still the same one. */
const recall = (id: string, pid: number, { memory, running }: EventDeps): RememberedProcess | undefined => {
  const known = memory.recall(id);
  if (known !== undefined) return known;
  const found = running(pid);
  const process =
    found?.key === id
      ? { name: basename(found.executable), executable: found.executable }
      : { name: '', executable: '' };
  // Also that nothing is known of it, so that it is not looked for again with each child.
  memory.remember(id, process);
  return process;
};

/** The id of the innermost container, which the kernel told with the event: right also for what is gone by now. */
export const containerOf = ({ cgroups }: ProbedProcess): string | undefined => {
  const [first] = cgroups;
  if (first === undefined) return undefined;
  const path = cgroups.toReversed().join('/');
  const known = containerByPath.get(path);
  if (known !== undefined) return known === '' ? undefined : known;
  const id = containersInCgroup(`0::/${path}`).at(-1)?.id;
  if (containerByPath.size >= maxPaths) containerByPath.clear();
  containerByPath.set(path, id ?? '');
  return id;
};

/** A host has few cgroups and many events. */
const containerByPath = new Map<string, string>();
const maxPaths = 4096;
