import { fail, type Problem, problem, type Result } from '@parapet/core';
import { startWorker, type WorkerOptions } from './start-worker.ts';

export type OneJob<T> = WorkerOptions & {
  /** Sent to the worker; it answers and ends by itself. */
  readonly job: object;
  /** What is done, as the subject of a sentence: `Reading the feeds`. */
  readonly what: string;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  /** Takes a message of the worker; the outcome is the last that it gave. */
  readonly onMessage: (message: unknown) => Result<T, Problem> | undefined;
};

/** Does one job in a child process of its own. One that dies, hangs or is stopped is a failure, told in words. */
export const runOnce = <T>(request: OneJob<T>): Promise<Result<T, Problem>> =>
  new Promise((resolve) => {
    const { job, name, what, timeoutMs, signal } = request;
    let outcome: Result<T, Problem> = fail(
      problem('worker-died', `${what} ended unexpectedly; there may be too little memory or disk.`),
    );
    if (signal.aborted) {
      resolve(fail(problem('worker-stopped', `${what} was stopped.`)));
      return;
    }
    const child = startWorker(request);
    const end = (reason: string): void => {
      outcome = fail(problem('worker-stopped', reason));
      child.kill('SIGKILL');
    };
    const stop = (): void => end(`${what} was stopped.`);
    const timer = setTimeout(() => end(`${what} took too long and was stopped.`), timeoutMs);
    signal.addEventListener('abort', stop, { once: true });
    child.on('message', (message) => {
      outcome = request.onMessage(message) ?? outcome;
    });
    child.on('error', (error) => {
      outcome = fail(problem(name, `The ${name} could not be started: ${error.message}`));
    });
    child.on('close', () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', stop);
      resolve(outcome);
    });
    child.send(job, (error) => {
      if (error !== null) child.kill('SIGKILL');
    });
  });
