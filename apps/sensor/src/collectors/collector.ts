import type { InventoryRecord, RecordKind } from '@parapet/contract/wire';
import type { Clock } from '@parapet/core';
import type { Log } from '../log.ts';
import type { TelemetrySink } from '../telemetry/telemetry-stream.ts';
import type { WorkloadDirectory } from './workload-directory.ts';

/**
 * A collector watches one side of the host and keeps its records in the inventory. Each lives in a folder of its own
 * (`collectors/<name>/`) whose `index.ts` exports its definition; `registry.ts` lists them.
 */
export type CollectorDefinition = {
  /** Also the key of its `CollectorRecord`, e.g. `network`. What people are told it is for: `collectorWords` of the contract. */
  readonly name: string;
  /** What it cannot work without. The runner refuses it with the first reason found. */
  readonly needs: readonly CollectorNeed[];
  /**
   * Starts it. Resolves when the first full view is in the inventory, so that a snapshot taken then is complete. A rejection
   * is reported as `failed` and tried again later by the runner, with back-off.
   */
  readonly start: (context: CollectorContext) => Promise<RunningCollector>;
};

/** A need checked before a start. */
export type CollectorNeed =
  /** The effective user must be root. */
  | { readonly kind: 'root'; readonly reason: string }
  /** A path must exist and be readable. */
  | { readonly kind: 'readable'; readonly path: string; readonly reason: string };

export type RunningCollector = {
  /** Releases all it holds. Its records stay: what ran when the sensor stopped may still run. */
  readonly stop: () => Promise<void>;
};

/** Everything a collector may touch. */
export type CollectorContext = {
  readonly inventory: InventorySink;
  readonly telemetry: TelemetrySink;
  readonly workloads: WorkloadDirectory;
  readonly clock: Clock;
  readonly log: Log;
  /** `bootId` of the host; process keys are unique together with it. */
  readonly bootId: string;
  readonly isRoot: boolean;
  /** Where `/proc` is, e.g. `/proc`. */
  readonly procPath: string;
  /** Says which source is in use and what it does not see. The last report stands; the runner makes the `CollectorRecord`. */
  readonly report: (status: CollectorStatus) => void;
  /** Counts things that this collector knows it lost; `stage` and `cause` are short, fixed words, e.g. `ring`, `overflow`. */
  readonly lose: (loss: { readonly stage: string; readonly cause: string; readonly count: number }) => void;
  /** Opens a span in which things may be missed without a count; call the result when it is over. `since` defaults to now. */
  readonly blind: (cause: string, since?: number) => BlindSpan;
  /** Aborted when the sensor stops. */
  readonly signal: AbortSignal;
};

export type CollectorStatus = {
  /** `refused`: it keeps watching for what it needs, which is not there or not allowed at the moment. */
  readonly state: 'running' | 'degraded' | 'refused';
  /** The source in use from the fallback chain, e.g. `conntrack`. */
  readonly source: string;
  /** In plain words: what it does not see, and what would help. Needed unless `running`. */
  readonly reason?: string;
};

export type BlindSpan = { readonly end: (endedAt?: number) => void };

/** The live state of the host as it will be told to the console. Nothing here blocks or throws. */
export type InventorySink = {
  /**
   * Replaces the record of this kind and key. Call it as often as you like: an unchanged record is not sent again, and
   * changes of nothing but an edge's counters and `lastSeenAt` are sent at most every 20 seconds.
   * A record with `endedAt` is sent once more and then forgotten (a container is forgotten once it is `removed`).
   */
  readonly put: (record: InventoryRecord) => void;
  /** Ends a live record as it was last put, with changes laid over it (such as an exit code). Unknown keys are ignored. */
  readonly end: (kind: RecordKind, key: string, endedAt: number, changes?: Readonly<Record<string, unknown>>) => void;
  /** Whether a live record of this kind and key is held. */
  readonly has: (kind: RecordKind, key: string) => boolean;
};
