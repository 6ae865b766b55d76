import type { BulkBegin, BulkChunk, BulkState, ConsoleMessage, TaskState } from '@parapet/contract/wire';

/** What the tasks of a host need of its connection. */
export type TaskConnection = {
  readonly order: (message: ConsoleMessage['orders']) => void;
  /** Frames sent on the orders channel so far. */
  readonly ordersSent: () => number;
  readonly bulk: (message: BulkState) => void;
  readonly refuse: (code: string, message: string) => void;
};

/** A host's connection as seen by its tasks. Handlers reject when the store is away; the sensor then says it again. */
export type SensorLink = {
  /** The sensor accepts orders up to this frame. */
  readonly granted: (limit: number) => void;
  readonly onOrders: (message: TaskState) => Promise<void>;
  readonly onBulk: (message: BulkBegin | BulkChunk) => Promise<void>;
  readonly detach: () => void;
};

export type SensorTasks = {
  readonly attach: (hostId: string, connection: TaskConnection) => SensorLink;
};
