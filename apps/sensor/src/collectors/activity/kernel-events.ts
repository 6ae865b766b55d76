import type { TelemetryEvent } from '@parapet/contract/telemetry';
import type { ProbedModule, ProbedMount, ProbedRights, ProbedTrace } from '@parapet/kernel';
import { capabilityNames } from './capability-names.ts';
import { describeProcess, type EventDeps } from './event-base.ts';
import type { Rights } from './rights-memory.ts';

/**
 * `user.id` is who it was, where that is known; `user.effective.id`, `user.group.id` and the capabilities are what it became.
 */
export const describePrivilege = (
  change: ProbedRights,
  before: Rights | undefined,
  deps: EventDeps,
): TelemetryEvent => {
  const { effectiveUid, gid, capabilities } = change.process;
  const process = { ...change.process, uid: before?.uid ?? change.process.uid };
  return {
    ...describeProcess('privilege-change', { atNs: change.atNs, process, thread: change.thread }, deps),
    'user.effective.id': effectiveUid,
    'user.group.id': gid,
    'process.thread.capabilities.effective': [...capabilityNames(capabilities)],
  };
};

/** The number of the traced process is that of its tracer's own pid namespace. */
export const describeTrace = (trace: ProbedTrace, deps: EventDeps): TelemetryEvent => ({
  ...describeProcess('ptrace', trace, deps),
  'parapet.ptrace.target.pid': trace.target,
});

export const describeModule = (load: ProbedModule, deps: EventDeps): TelemetryEvent => ({
  ...describeProcess('module-load', load, deps),
  'parapet.module.name': load.name,
});

export const describeMount = (mount: ProbedMount, deps: EventDeps): TelemetryEvent => ({
  ...describeProcess('mount', mount, deps),
  ...(mount.source === '' ? {} : { 'parapet.mount.source': mount.source }),
  'parapet.mount.target': mount.target,
});
