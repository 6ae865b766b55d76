import { type InventoryRecord, isLiveRecord } from '@parapet/contract/wire';
import { systemClock } from '@parapet/core';
import { createKernelWatch, type KernelWatch } from '../../../kernel-watch/kernel-watch.ts';
import { silentLog } from '../../../log.ts';
import { createToldTelemetry } from '../../../telemetry/testing/told-telemetry.ts';
import type { CollectorContext, CollectorDefinition, CollectorStatus, RunningCollector } from '../../collector.ts';
import { createProcessCollector } from '../../process/index.ts';
import { createWorkloadDirectory, type WorkloadDirectoryStore } from '../../workload-directory-store.ts';
import { createNetworkCollector } from '../index.ts';

/** The network collector at work beside the real process collector (and others asked for), with its records in reach. */
export type WatchedHost = {
  readonly workloads: WorkloadDirectoryStore;
  readonly live: <K extends InventoryRecord['kind']>(kind: K) => readonly Extract<InventoryRecord, { kind: K }>[];
  readonly ended: () => readonly InventoryRecord[];
  readonly status: () => CollectorStatus | undefined;
  readonly losses: () => readonly { readonly stage: string; readonly cause: string; readonly count: number }[];
  readonly blindSpans: () => readonly string[];
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

export const watchHost = async (
  others: (workloads: WorkloadDirectoryStore) => readonly CollectorDefinition[] = () => [],
  kernel: KernelWatch = createKernelWatch({ cpuCores: undefined }),
): Promise<WatchedHost> => {
  const workloads = createWorkloadDirectory();
  const live = new Map<string, InventoryRecord>();
  const ended: InventoryRecord[] = [];
  const statuses = new Map<string, CollectorStatus>();
  const losses: { stage: string; cause: string; count: number }[] = [];
  const blindSpans: string[] = [];
  const abort = new AbortController();

  const put = (record: InventoryRecord): void => {
    const id = `${record.kind} ${record.key}`;
    if (isLiveRecord(record)) {
      live.set(id, record);
      return;
    }
    // As the real inventory: what is over is told, also where nobody had time to tell that it began.
    live.delete(id);
    ended.push(record);
  };
  const contextOf = (name: string): CollectorContext => ({
    inventory: {
      put,
      end: (kind, key, endedAt, changes) => {
        const record = live.get(`${kind} ${key}`);
        if (record !== undefined) put({ ...record, ...changes, endedAt } as InventoryRecord);
      },
      has: (kind, key) => live.has(`${kind} ${key}`),
    },
    telemetry: createToldTelemetry().sink,
    workloads,
    clock: systemClock,
    log: silentLog,
    bootId: 'boot',
    isRoot: process.getuid?.() === 0,
    procPath: '/proc',
    report: (status) => statuses.set(name, status),
    lose: (loss) => losses.push(loss),
    blind: (cause) => {
      blindSpans.push(cause);
      return { end: () => {} };
    },
    signal: abort.signal,
  });

  const running: RunningCollector[] = [];
  for (const definition of [...others(workloads), createProcessCollector(workloads), createNetworkCollector(kernel)])
    running.push(await definition.start(contextOf(definition.name)));

  return {
    workloads,
    live: (kind) => [...live.values()].filter((record) => record.kind === kind) as never,
    ended: () => ended,
    status: () => statuses.get('network'),
    losses: () => losses,
    blindSpans: () => blindSpans,
    [Symbol.asyncDispose]: async () => {
      abort.abort();
      for (const collector of running.reverse()) await collector.stop();
    },
  };
};
