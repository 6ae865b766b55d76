import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { fail, ok, type Problem, problem, type Result } from '@parapet/core';
import { type BuiltFeed, type FeedJob, FeedWorkerMessage } from './feed-job.ts';

export type FeedBuilder = (
  job: FeedJob,
  options: { readonly onProgress: (step: string, progress: number) => void; readonly signal: AbortSignal },
) => Promise<Result<BuiltFeed, Problem>>;

/** The worker lies beside this module, as a source in development and as a bundle in the build. */
const workerPath = fileURLToPath(
  new URL(import.meta.url.endsWith('.ts') ? './feed-worker.ts' : './feed-worker.js', import.meta.url),
);
const heapMegabytes = 1024;
const timeoutMs = 30 * 60_000;

/** Builds advisory databases in a child process, one job each. A worker that dies is a failure, told in words. */
export const buildFeed: FeedBuilder = (job, { onProgress, signal }) =>
  new Promise((resolve) => {
    const child = fork(workerPath, [], {
      execArgv: [`--max-old-space-size=${heapMegabytes}`, '--disable-warning=ExperimentalWarning'],
      env: workerEnvironment(),
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    let outcome: Result<BuiltFeed, Problem> = fail(
      problem('feed-worker-died', 'Reading the feeds ended unexpectedly; there may be too little memory or disk.'),
    );
    const end = (reason: string): void => {
      outcome = fail(problem('feed-stopped', reason));
      child.kill('SIGKILL');
    };
    const stop = (): void => end('Reading the feeds was stopped.');
    const timer = setTimeout(() => end('Reading the feeds took too long and was stopped.'), timeoutMs);
    signal.addEventListener('abort', stop, { once: true });
    child.on('message', (raw) => {
      const message = FeedWorkerMessage.safeParse(raw);
      if (!message.success) return;
      if (message.data.kind === 'progress') onProgress(message.data.step, message.data.progress);
      if (message.data.kind === 'built') outcome = ok(message.data.feed);
      if (message.data.kind === 'failed') outcome = fail(message.data.problem);
    });
    child.on('error', (error) => {
      outcome = fail(problem('feed-worker', `The feed worker could not be started: ${error.message}`));
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

/** What reaching the publishers may need; nothing of the console's own secrets. */
const workerEnvironment = (): NodeJS.ProcessEnv => {
  const names = ['PATH', 'LD_LIBRARY_PATH', 'TMPDIR', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'];
  return Object.fromEntries(
    names.flatMap((name) => (process.env[name] === undefined ? [] : [[name, process.env[name]]])),
  );
};
