import type { Task, TaskState, Upgrade } from '@parapet/contract/wire';
import { createOneAtATime, messageOf } from '@parapet/core';
import type { Log } from '../logging/log.ts';
import { createBulkReceiver } from './bulk-receiver.ts';
import type { BulkSpool } from './bulk-spool.ts';
import type { SensorLink, SensorTasks, TaskConnection } from './sensor-tasks.ts';

/** What a sensor is asked to do. */
export type SensorOrder = Task | Upgrade;

/** An order on its way to one host. */
export type HostOrder = { readonly hostId: string; readonly order: SensorOrder };

export type HostTaskState = { readonly hostId: string } & Omit<TaskState, 'kind' | 'transferId'>;

/**
 * Where tasks are kept, written by the feature that makes them. The dispatcher holds nothing that this store does not: after
 * a restart everything unfinished is sent again.
 */
export type TaskStore = {
  /** Orders to a host that are neither finished nor past their deadline, oldest first, at most `limit`. */
  readonly pendingFor: (hostId: string, limit: number) => Promise<readonly SensorOrder[]>;
};

export type StateListener = (state: HostTaskState) => Promise<void>;
export type SbomListener = (hostId: string, taskId: string, document: Buffer) => Promise<void>;

/**
 * Sends tasks to sensors and brings their results back. A task is delivered at least once; a sensor does it once. A state or
 * document is acknowledged to the sensor only after every listener has stored it; when a listener throws, the sensor says it
 * again.
 */
export type TaskDispatcher = {
  /** Sends the order now when the host is connected; otherwise it goes out when the host connects, from the `TaskStore`. */
  readonly send: (order: HostOrder) => void;
  readonly cancel: (hostId: string, taskId: string) => void;
  readonly onState: (listener: StateListener) => void;
  /** `document` is the decompressed SBOM, bounded by the receiver; it comes before the task's `done`. */
  readonly onSbom: (listener: SbomListener) => void;
};

/** Tasks sent to one sensor at a time. */
const tasksInFlight = 16;

/** The dispatcher, and the side of it that connections of sensors see. */
export const createTaskDispatcher = (deps: {
  readonly store: TaskStore;
  readonly spool: BulkSpool;
  readonly log: Log;
}): TaskDispatcher & SensorTasks => {
  const stateListeners: StateListener[] = [];
  const sbomListeners: SbomListener[] = [];
  const outboxes = new Map<string, Outbox>();
  const gate = createOneAtATime();

  const attach = (hostId: string, connection: TaskConnection): SensorLink => {
    const outbox = createOutbox(connection);
    outboxes.set(hostId, outbox);
    deps.store
      .pendingFor(hostId, tasksInFlight)
      .then((tasks) => {
        for (const task of tasks) outbox.push(task);
      })
      .catch((error: unknown) => {
        deps.log.warn({ hostId, error: messageOf(error) }, 'Waiting tasks could not be read; they go out later.');
      });
    const bulk = createBulkReceiver({
      hostId,
      spool: deps.spool,
      gate,
      answer: connection.bulk,
      refuse: connection.refuse,
      deliver: async (taskId, document) => {
        for (const listener of sbomListeners) await listener(hostId, taskId, document);
      },
    });
    return {
      granted: outbox.granted,
      onOrders: async ({ taskId, state, progress, message, step, reason }) => {
        const told: HostTaskState = {
          hostId,
          taskId,
          state,
          ...(progress === undefined ? {} : { progress }),
          ...(message === undefined ? {} : { message }),
          ...(step === undefined ? {} : { step }),
          ...(reason === undefined ? {} : { reason }),
        };
        for (const listener of stateListeners) await listener(told);
        // Only an end is acknowledged: an answer to an earlier state could be taken for one to the end.
        if (state !== 'accepted' && state !== 'running') connection.order({ kind: 'task-acked', taskId });
      },
      onBulk: bulk.onMessage,
      detach: () => {
        bulk.close();
        if (outboxes.get(hostId) === outbox) outboxes.delete(hostId);
      },
    };
  };

  return {
    send: ({ hostId, order }) => outboxes.get(hostId)?.push(order),
    cancel: (hostId, taskId) => outboxes.get(hostId)?.push({ kind: 'task-cancel', taskId }),
    onState: (listener) => {
      stateListeners.push(listener);
    },
    onSbom: (listener) => {
      sbomListeners.push(listener);
    },
    attach,
  };
};

type Order = Parameters<TaskConnection['order']>[0];

/** Orders that wait for the sensor's credit. */
type Outbox = { readonly push: (order: Order) => void; readonly granted: (limit: number) => void };

/** Beyond this an order is dropped here: it is in the store and goes out on the next connection. */
const maxWaiting = 1000;

const createOutbox = (connection: TaskConnection): Outbox => {
  const waiting: Order[] = [];
  let limit = 0;
  const pump = (): void => {
    while (connection.ordersSent() < limit) {
      const order = waiting.shift();
      if (order === undefined) return;
      connection.order(order);
    }
  };
  return {
    push: (order) => {
      if (waiting.length < maxWaiting) waiting.push(order);
      pump();
    },
    granted: (next) => {
      limit = Math.max(limit, next);
      pump();
    },
  };
};
