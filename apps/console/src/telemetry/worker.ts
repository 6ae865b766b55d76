import type { ChildProcess } from 'node:child_process';
import { fail, ok, type Problem, problem, type Result } from '@parapet/core';
import { startWorker } from '../workers/start-worker.ts';
import type { JobName, WorkerAnswer, WorkerJobs } from './worker-messages.ts';

/** A child process for files of events. It is started with the first job, and again after it was idle or had to be killed. */
export type TelemetryWorker = AsyncDisposable & {
  /**
   * Jobs wait for each other. One that takes too long is ended together with the child: `too-slow`. Its time begins when the
   * child is ready: on a busy machine starting one takes seconds that no narrower search would save.
   */
  readonly run: <N extends JobName>(
    name: N,
    job: WorkerJobs[N]['job'],
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
  ) => Promise<Result<WorkerJobs[N]['result'], Problem>>;
  /** Starts the child ahead of a job that is likely to come. One that does not come costs as long as an idle child may stay. */
  readonly wake: () => void;
};

const heapMegabytes = 256;
/** What the engine once took it keeps: it goes with the child, which is let go when nobody asks it any more or when it keeps too much. */
const idleMsDefault = 120_000;
/** Three times what steady storing takes. Another child is ready within a second. */
const maxKeptBytesDefault = 512 * 1024 * 1024;
/** Until a new child must be ready. */
const startMs = 60_000;

export const createTelemetryWorker = (options: {
  readonly folder: string;
  readonly memoryMegabytes: number;
  /** A child that holds more than this after a job does no further one. */
  readonly maxKeptBytes?: number;
  /** A child without a job for so long ends. */
  readonly idleMs?: number;
}): TelemetryWorker => {
  const { maxKeptBytes = maxKeptBytesDefault, idleMs = idleMsDefault } = options;
  let child: ChildProcess | undefined;
  let queue: Promise<unknown> = Promise.resolve();
  let closed = false;
  let working = false;
  let idle: NodeJS.Timeout | undefined;
  const ready = new WeakSet<ChildProcess>();

  const start = (): ChildProcess => {
    const started = startWorker({
      ...{ beside: import.meta.url, name: 'telemetry-worker', heapMegabytes },
      args: [options.folder, String(options.memoryMegabytes)],
    });
    started.once('message', () => ready.add(started));
    const forget = (): void => {
      if (child === started) child = undefined;
    };
    started.on('exit', forget).on('error', forget);
    return started;
  };

  const rest = (): void => {
    clearTimeout(idle);
    child?.disconnect();
    child = undefined;
  };
  const restLater = (): void => {
    clearTimeout(idle);
    idle = setTimeout(rest, idleMs).unref();
  };

  const ask = (
    name: JobName,
    job: unknown,
    timeoutMs: number,
    signal?: AbortSignal,
  ): Promise<Result<unknown, Problem>> =>
    new Promise((resolve) => {
      if (closed || signal?.aborted === true) {
        resolve(fail(problem('stopped', 'The search was stopped.')));
        return;
      }
      child ??= start();
      const worker = child;
      working = true;
      clearTimeout(idle);
      const settle = (result: Result<unknown, Problem>): void => {
        working = false;
        clearTimeout(timer);
        restLater();
        signal?.removeEventListener('abort', onAbort);
        worker.off('message', onMessage).off('exit', onExit).off('error', onExit);
        resolve(result);
      };
      const end = (reason: Problem): void => {
        worker.kill('SIGKILL');
        if (child === worker) child = undefined;
        settle(fail(reason));
      };
      const onMessage = (message: WorkerAnswer): void => {
        switch (message.kind) {
          case 'ready':
            clearTimeout(timer);
            timer = limitWork();
            return;
          case 'done':
            settle(ok(message.result));
            break;
          case 'failed':
            settle(fail(problem('worker', message.message)));
        }
        if (message.keptBytes > maxKeptBytes && child === worker) rest();
      };
      const onExit = (): void => {
        if (child === worker) child = undefined;
        settle(fail(problem('worker-died', 'The events could not be read; there may be too little memory or disk.')));
      };
      const onAbort = (): void => end(problem('stopped', 'The search was stopped.'));
      const limitWork = (): NodeJS.Timeout =>
        setTimeout(
          () => end(problem('too-slow', `This took longer than ${Math.round(timeoutMs / 1000)} s and was stopped.`)),
          timeoutMs,
        );
      const limitStart = (): NodeJS.Timeout =>
        setTimeout(
          () => end(problem('worker-died', `What reads events was not ready within ${startMs / 1000} s.`)),
          startMs,
        );
      let timer = ready.has(worker) ? limitWork() : limitStart();
      signal?.addEventListener('abort', onAbort, { once: true });
      worker.on('message', onMessage).on('exit', onExit).on('error', onExit);
      worker.send({ name, job });
    });

  return {
    run: (name, job, { timeoutMs, signal }) => {
      const result = queue.then(() => ask(name, job, timeoutMs, signal));
      queue = result;
      // The worker answers a job with that job's result: both ends are of one build.
      return result as Promise<Result<WorkerJobs[typeof name]['result'], Problem>>;
    },
    wake: () => {
      if (closed || working) return;
      child ??= start();
      restLater();
    },
    [Symbol.asyncDispose]: async () => {
      closed = true;
      await queue;
      clearTimeout(idle);
      rest();
    },
  };
};
