import { type ChildProcess, spawn } from 'node:child_process';
import { ChildMessage } from '@parapet/contract/control';
import { createRotatingFile } from '@parapet/core';

export type ChildSpec = {
  readonly name: 'console' | 'sensor';
  readonly node: string;
  readonly nodeFlags: readonly string[];
  readonly script: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly user?: { readonly uid: number; readonly gid: number };
  /** Without one of these it is not started again: it would fail for ever, or begin anew with nothing. */
  readonly folders?: readonly string[];
  /** Where what it writes to standard error is kept; a console logs to a file by itself. */
  readonly logFile?: string;
};

export type ChildHandle = {
  readonly pid: number | undefined;
  /** Resolves when it said `ready`; rejects with its own plain sentence when it failed or exited before. */
  readonly ready: Promise<readonly string[]>;
  readonly exited: Promise<ChildEnd>;
  /** Asks it to stop and, past the time, ends it. */
  readonly stop: (patienceMs: number) => Promise<void>;
};

/** The last when there was no process at all. */
export type ChildEnd = { readonly signal: string } | { readonly code: number } | { readonly error: string };

/** Starts a console or sensor with an IPC channel; it ends by itself when this process vanishes and the channel closes. */
export const startChild = (spec: ChildSpec, onMessage: (message: ChildMessage) => void): ChildHandle => {
  const child = spawn(spec.node, [...spec.nodeFlags, spec.script, ...spec.args], {
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    env: { ...spec.env },
    cwd: '/',
    // A terminal's Ctrl-C reaches the whole group; only this process is to act on it, in order.
    detached: true,
    ...spec.user,
  });
  const lastWords = keepLastWords(child);
  if (spec.logFile !== undefined) keepLog(child, spec.logFile);
  const exited = new Promise<ChildEnd>((resolve) => {
    child.on('exit', (code, signal) => resolve(signal === null ? { code: code ?? 0 } : { signal }));
    child.on('error', (error) => resolve({ error: error.message }));
  });
  const ready = new Promise<readonly string[]>((resolve, reject) => {
    child.on('message', (raw) => {
      const parsed = ChildMessage.safeParse(raw);
      if (!parsed.success) return;
      if (parsed.data.kind === 'ready') resolve(parsed.data.addresses);
      if (parsed.data.kind === 'failed') reject(new Error(parsed.data.message));
      onMessage(parsed.data);
    });
    child.on('error', (error) => reject(new Error(`The ${spec.name} could not be started: ${error.message}`)));
    child.on('exit', (code, signal) => {
      reject(new Error(`The ${spec.name} ended (${signal ?? `exit code ${code}`}) before it was ready.${lastWords()}`));
    });
  });
  ready.catch(() => undefined);
  return {
    pid: child.pid,
    ready,
    exited,
    stop: async (patienceMs) => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs);
      await exited;
      clearTimeout(timer);
    },
  };
};

const lastWordsBytes = 4096;

/** The end of what it wrote to standard error, for when it dies without a word on the channel. */
const keepLastWords = (child: ChildProcess): (() => string) => {
  let tail = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    tail = (tail + chunk.toString('utf8')).slice(-lastWordsBytes);
  });
  return () => (tail.trim() === '' ? '' : `\n${tail.trim()}`);
};

const logLimitBytes = 10 * 1024 * 1024;
const logFilesKept = 2;

const keepLog = (child: ChildProcess, path: string): void => {
  const file = createRotatingFile(path, logLimitBytes, logFilesKept);
  child.stderr?.on('data', (chunk: Buffer) => file.write(chunk.toString('utf8')));
  child.on('close', file.close);
};
