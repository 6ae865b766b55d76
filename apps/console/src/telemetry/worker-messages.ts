import type { FieldName, TelemetryAccount } from '@parapet/contract/telemetry';
import type { Position } from '@parapet/contract/wire';
import type {
  Bucket,
  EventCursor,
  EventFile,
  FoundEvent,
  SearchScope,
  SplitField,
  ValueCount,
} from '@parapet/telemetry';

/** What the console asks of its telemetry worker, by name, with what it answers. Both ends are of one build. */
export type WorkerJobs = {
  readonly convert: {
    readonly job: {
      readonly segments: readonly string[];
      /** Path of the files without number and ending. */
      readonly to: string;
      readonly hostNames: Readonly<Record<string, string>>;
      readonly ingestedUs: number;
    };
    readonly result: Converted;
  };
  readonly merge: {
    readonly job: {
      readonly files: { readonly paths: readonly string[]; readonly rows: number };
      readonly to: string;
    };
    readonly result: EventFile;
  };
  readonly find: {
    readonly job: { readonly scope: SearchScope; readonly limit: number; readonly after?: EventCursor };
    readonly result: readonly FoundEvent[];
  };
  readonly all: {
    readonly job: { readonly scope: SearchScope; readonly limit: number };
    /** None where there are more events than the limit. */
    readonly result: readonly FoundEvent[] | undefined;
  };
  readonly histogram: {
    readonly job: { readonly scope: SearchScope; readonly stepUs: number; readonly splitBy?: SplitField };
    readonly result: readonly Bucket[];
  };
  readonly export: {
    readonly job: { readonly scope: SearchScope; readonly path: string; readonly limit: number };
    readonly result: number;
  };
  readonly values: {
    readonly job: { readonly scope: SearchScope; readonly field: FieldName; readonly limit: number };
    readonly result: readonly ValueCount[];
  };
};
export type JobName = keyof WorkerJobs;

export type Converted = {
  /** None when there was no event in the segments, several when there were many. */
  readonly files: readonly EventFile[];
  readonly positions: readonly { readonly hostId: string; readonly position: Position }[];
  readonly accounts: readonly { readonly hostId: string; readonly account: TelemetryAccount }[];
  /** Lines that are no events of ours, by host. */
  readonly refused: readonly { readonly hostId: string; readonly lines: number; readonly example: string }[];
};

export type WorkerRequest = {
  readonly [N in JobName]: { readonly name: N; readonly job: WorkerJobs[N]['job'] };
}[JobName];
export type WorkerAnswer =
  /** Told once, when the engine is open: what comes from then on is worked on. */
  | { readonly kind: 'ready' }
  | { readonly kind: 'done'; readonly result: unknown; readonly keptBytes: number }
  | { readonly kind: 'failed'; readonly message: string; readonly keptBytes: number };
