import { spawn } from 'node:child_process';
import { z } from 'zod';
import { trialArgument } from './arguments.ts';

/** What a sensor on trial tells the one that tries it. Unknown kinds are passed over: the other one may be newer. */
export const TrialMessage = z.discriminatedUnion('kind', [
  /** All collectors have their first view. */
  z.object({ kind: z.literal('ready') }),
  /** The console welcomed it. */
  z.object({ kind: z.literal('connected') }),
  /** It cannot connect, and why. */
  z.object({ kind: z.literal('waiting'), text: z.string() }),
  z.object({ kind: z.literal('failed'), message: z.string() }),
]);
export type TrialMessage = z.infer<typeof TrialMessage>;

export type TrialResult =
  | { readonly kind: 'connected' }
  /** It ended by itself. */
  | { readonly kind: 'crashed'; readonly detail: string }
  /** It ran and did not connect; `detail` is what it said of that. */
  | { readonly kind: 'silent'; readonly detail: string; readonly ready: boolean }
  | { readonly kind: 'aborted' };

export type RunTrial = (options: {
  readonly launcher: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  readonly onSpawn: (pid: number) => Promise<void>;
}) => Promise<TrialResult>;

const stopPatienceMs = 10_000;
const wordsBytes = 4096;

/** Runs a version until it is connected, has ended, or its time is over; when this resolves nothing of it runs any more. */
export const runTrial: RunTrial = async ({ launcher, env, timeoutMs, signal, onSpawn }) => {
  const child = spawn(launcher, [trialArgument], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...env },
    cwd: '/',
    // A session of its own, so that all of it can be ended at once.
    detached: true,
  });
  const end = Promise.withResolvers<TrialResult>();
  const exited = Promise.withResolvers<void>();
  const told = { ready: false, connected: false, text: '' };
  let words = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    words = (words + chunk.toString('utf8')).slice(-wordsBytes);
  });
  child.on('message', (raw) => {
    const message = TrialMessage.safeParse(raw);
    if (!message.success) return;
    if (message.data.kind === 'ready') told.ready = true;
    if (message.data.kind === 'connected') told.connected = true;
    if (message.data.kind === 'waiting') told.text = message.data.text;
    if (message.data.kind === 'failed') told.text = message.data.message;
    if (told.ready && told.connected) end.resolve({ kind: 'connected' });
  });
  child.on('error', (error) => {
    end.resolve({ kind: 'crashed', detail: `It cannot be started: ${error.message}` });
    if (child.pid === undefined) exited.resolve();
  });
  child.on('close', (code, endSignal) => {
    const last = told.text === '' ? (words.trim().split('\n').at(-1) ?? '') : told.text;
    end.resolve({
      kind: 'crashed',
      detail: `It ended with ${endSignal ?? `exit code ${code}`}. ${last.slice(0, 1000)}`.trim(),
    });
    exited.resolve();
  });
  const timer = setTimeout(() => end.resolve({ kind: 'silent', detail: told.text, ready: told.ready }), timeoutMs);
  const onAbort = (): void => end.resolve({ kind: 'aborted' });
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    if (child.pid !== undefined) await onSpawn(child.pid);
    return await end.promise;
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    if (child.pid !== undefined) {
      child.kill('SIGTERM');
      const impatience = setTimeout(() => endGroup(child.pid), stopPatienceMs);
      await exited.promise;
      clearTimeout(impatience);
      // Children that it left behind.
      endGroup(child.pid);
    }
  }
};

const endGroup = (pid: number | undefined): void => {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nothing of it is left.
  }
};
