import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { fail, ok, type Problem, problem, type Result } from '@parapet/core';
import { type DeliveryJob, DeliveryWorkerMessage } from './delivery-job.ts';

export type MadeMessage = Exclude<DeliveryWorkerMessage, { kind: 'failed' }>;
export type DeliveryBuilder = (job: DeliveryJob, signal: AbortSignal) => Promise<Result<MadeMessage, Problem>>;

/** The worker lies beside this module, as a source in development and as a bundle in the build. */
const workerPath = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './delivery-worker.ts' : './delivery-worker.js', import.meta.url),
);
const timeoutMs = 15 * 60_000;

/** Makes a package in a child process, whose memory goes with it. One that dies is a failure, told in words. */
export const buildPackage: DeliveryBuilder = (job, signal) =>
  new Promise((resolve) => {
    const child = fork(workerPath, [], {
      execArgv: ['--max-old-space-size=256', '--disable-warning=ExperimentalWarning'],
      env: workerEnvironment(),
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    let outcome: Result<MadeMessage, Problem> = fail(
      problem('delivery-worker', 'Making it ended unexpectedly; there may be too little memory or disk.'),
    );
    const end = (reason: string): void => {
      outcome = fail(problem('delivery-stopped', reason));
      child.kill('SIGKILL');
    };
    const stop = (): void => end('Making it was stopped.');
    const timer = setTimeout(() => end('Making it took too long and was stopped.'), timeoutMs);
    signal.addEventListener('abort', stop, { once: true });
    child.on('message', (raw) => {
      const message = DeliveryWorkerMessage.safeParse(raw);
      if (!message.success) return;
      const { data } = message;
      outcome = data.kind === 'failed' ? fail(problem(data.code, data.message)) : ok(data);
    });
    child.on('error', (error) => {
      outcome = fail(problem('delivery-worker', `It could not be started: ${error.message}`));
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

/** What npm may need to reach its registry; nothing of the console's own secrets. */
const workerEnvironment = (): NodeJS.ProcessEnv =>
  Object.fromEntries(
    Object.entries(process.env).filter(([name]) =>
      /^(PATH|LD_LIBRARY_PATH|HOME|TMPDIR|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR)|(HTTPS?|NO)_PROXY|https?_proxy|no_proxy|npm_config_.*)$/i.test(
        name,
      ),
    ),
  );
