import type { Task, TaskState } from '@parapet/contract/wire';

/** A task on its way to one host. */
export type HostTask = { readonly hostId: string } & Omit<Task, 'kind'>;

export type HostTaskState = { readonly hostId: string } & Omit<TaskState, 'kind' | 'transferId'>;

/**
 * Where tasks are kept, written by the feature that makes them. The dispatcher holds nothing that this store does not: after
 * a restart everything unfinished is sent again.
 */
export type TaskStore = {
  /** Tasks of a host that are neither finished nor past their deadline, oldest first, at most `limit`. */
  readonly pendingFor: (hostId: string, limit: number) => Promise<readonly Omit<Task, 'kind'>[]>;
};

export type StateListener = (state: HostTaskState) => Promise<void>;
export type SbomListener = (hostId: string, taskId: string, document: Buffer) => Promise<void>;

/**
 * Sends tasks to sensors and brings their results back. A task is delivered at least once; a sensor does it once. A state or
 * document is acknowledged to the sensor only after every listener has stored it; when a listener throws, the sensor says it
 * again.
 */
export type TaskDispatcher = {
  /** Sends the task now when the host is connected; otherwise it goes out when the host connects, from the `TaskStore`. */
  readonly send: (task: HostTask) => void;
  readonly cancel: (hostId: string, taskId: string) => void;
  readonly onState: (listener: StateListener) => void;
  /** `document` is the decompressed SBOM, at most `documentBytes`; it comes before the task's `done`. */
  readonly onSbom: (listener: SbomListener) => void;
};

export const taskLimits = {
  /** The largest document after decompression. */
  documentBytes: 256 * 1024 * 1024,
  /** Tasks sent to one sensor at a time. */
  tasksInFlight: 16,
} as const;
