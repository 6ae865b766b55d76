import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export type WorkerOptions = {
  /** Where a worker lies: beside the module that starts it, as a source in development and as a bundle in the build. */
  readonly beside: string;
  /** Its file's name without the ending. */
  readonly name: string;
  readonly heapMegabytes: number;
  /** Names of the variables it is given beside those that Node itself needs: nothing of the console's own secrets. */
  readonly passes?: RegExp;
  readonly args?: readonly string[];
};

/** Starts a child process whose memory goes with it. It has no output, hears and answers over IPC. */
export const startWorker = ({ beside, name, heapMegabytes, passes, args = [] }: WorkerOptions): ChildProcess =>
  fork(fileURLToPath(new URL(`./${name}${beside.endsWith('.ts') ? '.ts' : '.js'}`, beside)), [...args], {
    execArgv: [`--max-old-space-size=${heapMegabytes}`, '--disable-warning=ExperimentalWarning'],
    env: workerEnvironment(passes),
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  });

/** Where the pinned Node finds what a bare machine lacks. */
const always = /^LD_LIBRARY_PATH$/;

const workerEnvironment = (passes: RegExp | undefined): NodeJS.ProcessEnv => ({
  ...Object.fromEntries(
    Object.entries(process.env).filter(([name]) => always.test(name) || (passes?.test(name) ?? false)),
  ),
  // A worker does one thing at a time, but on any of its threads, and each would keep what it took: a hundred megabytes in all.
  MALLOC_ARENA_MAX: '1',
});
