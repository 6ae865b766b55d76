import { InventoryRecord, type RecordKind } from '@parapet/contract/wire';
import { systemClock } from '@parapet/core';
import { silentLog } from '../../log.ts';
import { readBootId } from '../../proc/host-times.ts';
import { createToldTelemetry, type ToldTelemetry } from '../../telemetry/testing/told-telemetry.ts';
import type { CollectorContext, CollectorStatus } from '../collector.ts';
import { createWorkloadDirectory, type WorkloadDirectoryStore } from '../workload-directory-store.ts';

/** A context that keeps what a collector says, for tests. */
export type Collected = {
  readonly context: CollectorContext;
  readonly workloads: WorkloadDirectoryStore;
  /** Every version of every record, in order, each checked by the contract's schema. */
  readonly history: readonly InventoryRecord[];
  readonly telemetry: ToldTelemetry;
  readonly statuses: readonly CollectorStatus[];
  readonly losses: readonly { readonly stage: string; readonly cause: string; readonly count: number }[];
  readonly blind: readonly { readonly cause: string; readonly since: number; endedAt?: number }[];
  readonly latest: <K extends RecordKind>(kind: K, key: string) => Extract<InventoryRecord, { kind: K }> | undefined;
  readonly versions: <K extends RecordKind>(kind: K, key: string) => readonly Extract<InventoryRecord, { kind: K }>[];
  readonly stop: () => void;
};

export const createCollected = (): Collected => {
  const history: InventoryRecord[] = [];
  const statuses: CollectorStatus[] = [];
  const losses: { stage: string; cause: string; count: number }[] = [];
  const blind: { cause: string; since: number; endedAt?: number }[] = [];
  const workloads = createWorkloadDirectory();
  const telemetry = createToldTelemetry();
  const stopping = new AbortController();

  const versions = <K extends RecordKind>(kind: K, key: string): Extract<InventoryRecord, { kind: K }>[] =>
    history.filter(
      (record): record is Extract<InventoryRecord, { kind: K }> => record.kind === kind && record.key === key,
    );
  const latest = <K extends RecordKind>(kind: K, key: string) => versions(kind, key).at(-1);
  const put = (record: InventoryRecord): void => {
    const parsed = InventoryRecord.parse(record);
    if (JSON.stringify(latest(record.kind, record.key)) !== JSON.stringify(parsed)) history.push(parsed);
  };

  return {
    workloads,
    telemetry,
    history,
    statuses,
    losses,
    blind,
    latest,
    versions,
    stop: () => stopping.abort(),
    context: {
      inventory: {
        put,
        end: (kind, key, endedAt, changes) => {
          const record = latest(kind, key);
          if (record !== undefined) put({ ...record, ...changes, endedAt } as InventoryRecord);
        },
        has: (kind, key) => {
          const record = latest(kind, key);
          return record !== undefined && record.endedAt === undefined;
        },
      },
      telemetry: telemetry.sink,
      workloads,
      clock: systemClock,
      log: silentLog,
      bootId: readBootId('/proc'),
      isRoot: process.geteuid?.() === 0,
      procPath: '/proc',
      signal: stopping.signal,
      report: (status) => statuses.push(status),
      lose: (loss) => losses.push({ ...loss }),
      blind: (cause, since = Date.now()) => {
        const span: { cause: string; since: number; endedAt?: number } = { cause, since };
        blind.push(span);
        return {
          end: (endedAt = Date.now()) => {
            span.endedAt = endedAt;
          },
        };
      },
    },
  };
};
