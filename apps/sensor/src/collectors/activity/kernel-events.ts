import type { TelemetryEvent } from '@parapet/contract/telemetry';
import type { ProbedModule, ProbedMount, ProbedPrivilege, ProbedPtrace } from '@parapet/kernel';
import { capabilityNames } from './capability-names.ts';
import { describeProcess, type EventDeps } from './event-base.ts';

/** `user.id` is who it was, `user.effective.id`, `user.group.id` and the capabilities are what it becomes. */
export const describePrivilege = (change: ProbedPrivilege, deps: EventDeps): TelemetryEvent => {
  const { effectiveUid, effectiveGid, capabilities } = change.becomes;
  return {
    ...describeProcess('privilege-change', change, deps),
    'user.effective.id': effectiveUid,
    'user.group.id': effectiveGid,
    'process.thread.capabilities.effective': [...capabilityNames(capabilities)],
  };
};

export const describePtrace = (request: ProbedPtrace, deps: EventDeps): TelemetryEvent => ({
  ...describeProcess('ptrace', request, deps),
  'parapet.ptrace.target.pid': request.target.pid,
});

export const describeModule = (load: ProbedModule, deps: EventDeps): TelemetryEvent => ({
  ...describeProcess('module-load', load, deps),
  'parapet.module.name': load.name,
});

export const describeMount = (mount: ProbedMount, deps: EventDeps): TelemetryEvent => ({
  ...describeProcess('mount', mount, deps),
  ...(mount.source === '' ? {} : { 'parapet.mount.source': mount.source }),
  ...(mount.target === undefined ? {} : { 'parapet.mount.target': mount.target }),
});
