import type { z } from 'zod';
import type { DatabaseTransaction } from '../database/database.ts';

/** A job's data comes back from the database, so it is parsed again before the handler sees it. */
export type JobHandler<T> = (data: T, context: JobContext) => Promise<void>;

export type JobContext = {
  readonly id: string;
  /** 0 at the first try. */
  readonly retryCount: number;
  /** Aborted at shutdown and when the job's time is over; what was not done is tried again. */
  readonly signal: AbortSignal;
};

export type JobOptions<S extends z.ZodObject> = {
  readonly schema: S;
  /** How many run at once in this process; 1 unless given. */
  readonly concurrency?: number;
  /** Tries after the first; 3 unless given, with a growing pause between them. */
  readonly retryLimit?: number;
  /** A job that takes longer is given up and tried again; 15 minutes unless given. */
  readonly timeoutSeconds?: number;
  /**
   * `each` (the default): every job runs. `one-waiting`: while one waits, another with the same key is dropped, because
   * that one will do its work; one may run beside it. `one-at-all`: dropped also while one runs.
   */
  readonly policy?: 'each' | 'one-waiting' | 'one-at-all';
};

export type EnqueueOptions = {
  /** Enqueues in the caller's transaction: the job exists exactly when the transaction commits. */
  readonly transaction?: DatabaseTransaction;
  /** Tells jobs of one queue apart for its policy. */
  readonly key?: string;
  readonly delaySeconds?: number;
  /** Higher runs first; 0 unless given. */
  readonly priority?: number;
};

export type QueueFigures = {
  readonly name: string;
  readonly waiting: number;
  readonly active: number;
  readonly failed: number;
  readonly oldestMs: number;
};

/** Work that outlives a request and a restart. */
export type Jobs = {
  /** Declares a queue and its worker; call before `start`. */
  readonly register: <S extends z.ZodObject>(
    name: string,
    handler: JobHandler<z.output<S>>,
    options: JobOptions<S>,
  ) => void;
  /** Adds a job. Returns false when the queue's policy made it unnecessary. */
  readonly enqueue: (
    name: string,
    data: Readonly<Record<string, unknown>>,
    options?: EnqueueOptions,
  ) => Promise<boolean>;
  /** Enqueues a job by a cron expression (UTC), once however many consoles run; call before `start`. */
  readonly schedule: (name: string, cron: string, data: Readonly<Record<string, unknown>>) => void;
  readonly figures: () => Promise<readonly QueueFigures[]>;
  readonly start: () => Promise<void>;
  readonly stop: () => Promise<void>;
};
