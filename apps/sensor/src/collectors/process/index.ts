import { createProcessEvents, type ProcessEvents } from '@parapet/kernel';
import { createArgumentsReader } from '../../proc/arguments-reader.ts';
import { createHostTimes } from '../../proc/host-times.ts';
import { readSmall } from '../../proc/read-small.ts';
import type { CollectorContext, CollectorDefinition } from '../collector.ts';
import { createStoredWorkloads, type StoredWorkloads } from '../stored-workloads.ts';
import type { WorkloadDirectoryStore } from '../workload-directory-store.ts';
import { type ContainerResolver, createContainerResolver } from './container-resolver.ts';
import { createProcessTracker, type ProcessTracker } from './process-tracker.ts';
import { createUserNames } from './user-names.ts';

/** Processes: from /proc, with starts and ends from the kernel's process events where it gives them. */
export const createProcessCollector = (
  workloads: WorkloadDirectoryStore,
  options: { readonly reportAfterMs?: number; readonly stored?: StoredWorkloads } = {},
): CollectorDefinition => ({
  name: 'process',
  needs: [{ kind: 'readable', path: '/proc/self/stat', reason: 'Processes are read from /proc, which is not there.' }],
  start: async (context) => {
    const { procPath, clock } = context;
    const stored = options.stored ?? createStoredWorkloads();
    const containers = createContainerResolver({
      procPath,
      workloads,
      stored,
      clock,
      inventory: context.inventory,
      onTooMany: () => context.lose({ stage: 'containers', cause: 'nested-limit', count: 1 }),
    });
    const tracker = createProcessTracker({
      procPath,
      inventory: context.inventory,
      containers,
      users: createUserNames('/etc/passwd', clock.now),
      arguments: createArgumentsReader(procPath),
      startedAt: createHostTimes(procPath, clock.now()).startedAt,
      now: clock.now,
      reportAfterMs: options.reportAfterMs ?? 10_000,
    });
    workloads.setProcessSource(tracker);
    const events = listen(context, tracker);
    await tracker.walk();
    const stopWalking = walkRegularly(tracker, containers, context);
    const stopListening = workloads.onContainersChanged(() => {
      const claimed = containers.yieldToRuntimes(clock.now());
      if (claimed.length > 0) tracker.reassign(claimed);
    });
    const stopReading = stored.onChange(containers.refreshStored);
    return {
      stop: async () => {
        stopWalking();
        stopListening();
        stopReading();
        events?.close();
      },
    };
  },
});

const walkEveryMs = 5000;
const longestWalkEveryMs = 60_000;
/** The share of one core that walking may take; the time between walks grows to keep to it. */
const walkShare = 0.01;
const filesBudgetMs = 4;

const walkRegularly = (
  tracker: ProcessTracker,
  containers: ContainerResolver,
  context: CollectorContext,
): (() => void) => {
  let timer: NodeJS.Timeout;
  let stopped = false;
  const schedule = (waitMs: number): void => {
    if (stopped) return;
    timer = setTimeout(() => {
      const before = process.cpuUsage();
      tracker
        .walk()
        .catch((error: unknown) => context.log.warn('processes could not be listed', { error }))
        .then(() => {
          containers.refreshPackages(context.clock.now());
          const used = process.cpuUsage(before);
          tracker.refreshLoadedFiles(filesBudgetMs);
          const fairMs = (used.user + used.system) / 1000 / walkShare;
          schedule(Math.min(longestWalkEveryMs, Math.max(walkEveryMs, fairMs)));
        });
    }, waitMs);
  };
  schedule(walkEveryMs);
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
};

const listen = (context: CollectorContext, tracker: ProcessTracker): ProcessEvents | undefined => {
  const blindTo = blindness(context);
  const fallBack = (cause: string): void => {
    context.report({
      state: 'degraded',
      source: `/proc every ${walkEveryMs / 1000} s`,
      reason: [`Exit codes and processes that live for seconds only are not seen. ${cause}`, ...blindTo].join(' '),
    });
  };
  const events = createProcessEvents({
    kinds: ['exec', 'exit'],
    drainEveryMs: 100,
    receiveBufferBytes: 2 * 1024 * 1024,
    onExec: ({ pid }) => tracker.execed(pid),
    onExit: ({ pid, atMs, exitCode, signal }) =>
      tracker.exited(pid, atMs, signal === 0 ? exitCode : 128 + (signal & 0x7f)),
    onLost: (count) => context.lose({ stage: 'kernel', cause: 'overflow', count }),
    onOverrun: () => {
      // What ran is found by the walk; only the moments and exit codes of some ends are unknown.
      const span = context.blind('The kernel’s process events overflowed: some exit codes are unknown.');
      tracker
        .walk()
        .catch((error: unknown) => context.log.warn('processes could not be listed', { error }))
        .finally(() => span.end());
    },
    onFailed: fallBack,
  });
  if (!events.ok) {
    fallBack(events.error.message);
    return undefined;
  }
  const source = 'process events of the kernel, /proc';
  if (blindTo.length === 0) context.report({ state: 'running', source });
  else context.report({ state: 'degraded', source, reason: blindTo.join(' ') });
  return events.value;
};

/** What this user cannot see in /proc, in sentences. */
const blindness = (context: CollectorContext): readonly string[] => {
  if (context.isRoot) return [];
  const hidden = readSmall(`${context.procPath}/1/stat`) === undefined;
  return [
    hidden
      ? 'Without root only your own processes are seen on this host.'
      : 'Without root the programs, files in use and sockets of other users’ processes are not seen.',
    'For everything: sudo ./parapet up',
  ];
};
