import { type ChildProcess, spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { type ScanJob, ScanOutcome, scanChildArgument } from './scan-job.ts';

/** Runs one scan in a process of its own, so that its memory is given back whole and its end is certain. */
export type ScanRunner = (
  job: ScanJob,
  options: { readonly timeoutMs: number; readonly signal: AbortSignal },
) => Promise<ScanOutcome>;

/** Heap of the child; with the program's text it stays below the 100 MB budget. */
const childFlags = ['--max-old-space-size=96', '--max-semi-space-size=1', '--disable-warning=ExperimentalWarning'];
const lastWordsBytes = 2048;

export const createScanRunner =
  (entryPath: string): ScanRunner =>
  (job, { timeoutMs, signal }) =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, [...childFlags, entryPath, scanChildArgument], {
        stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
        // One heap for all threads, see the sensor's own. Beyond that it needs nothing of ours, least of all the enrolment key.
        env: { MALLOC_ARENA_MAX: '1' },
        cwd: '/',
      });
      let outcome: ScanOutcome | undefined;
      let stopped: string | undefined;
      let words = '';
      const stop = (why: string): void => {
        stopped ??= why;
        child.kill('SIGKILL');
      };
      const timer = setTimeout(() => stop('The scan did not end before its deadline.'), timeoutMs);
      const onAbort = (): void => stop('The scan was cancelled.');
      signal.addEventListener('abort', onAbort, { once: true });
      child.stderr?.on('data', (chunk: Buffer) => {
        words = (words + chunk.toString('utf8')).slice(-lastWordsBytes);
      });
      child.on('message', (raw) => {
        const parsed = ScanOutcome.safeParse(raw);
        if (parsed.success) outcome = parsed.data;
      });
      const finish = (fallback: string): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        resolve(outcome ?? { kind: 'failed', message: stopped ?? fallback });
      };
      child.on('error', (error) => finish(`The scan could not be started: ${error.message}`));
      child.on('close', (code, endSignal) => finish(whyEnded(code, endSignal, words)));
      beNice(child);
      child.send(job, () => undefined);
    });

const beNice = (child: ChildProcess): void => {
  if (child.pid === undefined) return;
  try {
    setPriority(child.pid, constants.priority.PRIORITY_BELOW_NORMAL);
  } catch {
    // It ended already; its own report says why.
  }
};

const whyEnded = (code: number | null, signal: string | null, words: string): string => {
  if (/heap out of memory|allocation failed/i.test(words)) {
    return 'The scan needed more memory than a sensor takes.';
  }
  const lines = words.trim().split('\n');
  const detail = lines.findLast((line) => /^\w*Error\b/.test(line)) ?? lines.at(-1) ?? '';
  return `The scan ended without a result (${signal ?? `exit code ${code}`}). ${detail}`.trim();
};
