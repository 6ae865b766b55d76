import { type ChildProcess, spawn } from 'node:child_process';
import { Duplex } from 'node:stream';
import { parseJson } from '@parapet/core';
import { z } from 'zod';
import { createLineReader } from './line-reader.ts';

/** An entry of systemd's journal; what begins with `_` says journald itself, whatever the writer pretends. */
export type JournalEntry = {
  readonly atUs: number;
  readonly program: string;
  readonly pid: number | undefined;
  /** Of the process that wrote it. */
  readonly uid: number | undefined;
  readonly executable: string | undefined;
  readonly message: string;
};

/** Follows what the journal has of signing in (facilities auth and authpriv) by a child, since its files are no stable format. */
export type JournalFollow = {
  /** Up to where it was told; `undefined` when nothing was yet. */
  readonly cursor: () => string | undefined;
  /** Why it does not run at the moment. */
  readonly problem: () => string | undefined;
  readonly stop: () => Promise<void>;
};

export type JournalFollowDeps = {
  /** The program and what goes before our arguments. */
  readonly journalctl: readonly [string, ...string[]];
  readonly cursor: string | undefined;
  /** Milliseconds since the Unix epoch from which on entries are told where there is no cursor. */
  readonly sinceMs: number;
  readonly onEntry: (entry: JournalEntry) => void;
  readonly onUnreadable: () => void;
  /** What was told last is no longer there. */
  readonly onGap: () => void;
  readonly againMs?: number;
};

/**
 * A sensor that is killed cannot end its child, and the child would notice with the next entry, if ever: a shell beside it waits for
 * the end of a pipe that closes with the sensor. A line in it says that the child is over.
 */
const endsWithUs = '(read -r over <&3 || kill -KILL $$) >/dev/null 2>&1 & exec 3<&-; exec "$0" "$@"';
/** The other end is gone before we are, which is no news. */
const ignoreBroken = (): void => {};

const defaultAgainMs = 30_000;
/** One entry; journalctl leaves out fields of more than 4 KiB (`null`). */
const maxEntryBytes = 64 * 1024;
const maxProblem = 300;

export const createJournalFollow = (deps: JournalFollowDeps): JournalFollow => {
  let { cursor } = deps;
  let problem: string | undefined;
  let stopped = false;
  let child: ChildProcess | undefined;
  let again: NodeJS.Timeout | undefined;
  let ended: Promise<void> = Promise.resolve();

  const take = (line: string, expected: string | undefined): void => {
    const entry = parseJson(line, Entry);
    if (!entry.ok) {
      deps.onUnreadable();
      return;
    }
    const { __CURSOR: at } = entry.value;
    const isKnown = at === expected;
    if (expected !== undefined && !isKnown) deps.onGap();
    cursor = at;
    if (!isKnown) deps.onEntry(entryOf(entry.value));
  };

  const run = (): void => {
    const [program, ...before] = deps.journalctl;
    const started = spawn('/bin/sh', ['-c', endsWithUs, program, ...before, ...argumentsFrom(cursor, deps.sinceMs)], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      env: { PATH: '/usr/bin:/bin', LC_ALL: 'C.UTF-8' },
    });
    child = started;
    problem = undefined;
    // The last entry that was told comes first again: seeing it proves that nothing in between is missing.
    let expected = cursor;
    let rest = Buffer.alloc(0);
    const lines = createLineReader(maxEntryBytes);
    started.stdout?.on('data', (chunk: Buffer) => {
      const bytes = Buffer.concat([rest, chunk]);
      const read = lines.read(bytes, false);
      rest = bytes.subarray(read.taken);
      for (const line of read.lines) {
        take(line, expected);
        expected = undefined;
      }
    });
    // Says that it ended by itself: from then on its number may be that of another process.
    const leash = started.stdio[3];
    if (leash instanceof Duplex) {
      leash.on('error', ignoreBroken);
      leash.resume();
      started.once('exit', () => leash.end('\n'));
    }
    let words = '';
    started.stderr?.on('data', (chunk: Buffer) => {
      words = (words + chunk.toString('utf8')).slice(-maxProblem);
    });
    const end = Promise.withResolvers<void>();
    ended = end.promise;
    const onEnd = (text: string): void => {
      if (child === started) child = undefined;
      end.resolve();
      if (stopped || again !== undefined) return;
      problem = text.trim().slice(0, maxProblem);
      again = setTimeout(() => {
        again = undefined;
        run();
      }, deps.againMs ?? defaultAgainMs);
      again.unref();
    };
    started.on('error', (error) => onEnd(`${program} cannot be run: ${error.message}`));
    started.on('close', (code) => onEnd(words === '' ? `${program} ended with ${code ?? 'a signal'}.` : words));
  };
  run();

  return {
    cursor: () => cursor,
    problem: () => problem,
    stop: async () => {
      stopped = true;
      clearTimeout(again);
      child?.kill('SIGKILL');
      await ended;
    },
  };
};

/** The first time from a moment on, not from the end: between asking for that and its answer entries would be passed over. */
const argumentsFrom = (cursor: string | undefined, sinceMs: number): string[] => [
  ...['--follow', '--output=json', '--no-pager', '--quiet'],
  '--output-fields=MESSAGE,SYSLOG_IDENTIFIER,_PID,_UID,_EXE',
  '--no-tail',
  cursor === undefined ? `--since=@${Math.floor(sinceMs / 1000)}` : `--cursor=${cursor}`,
  ...['SYSLOG_FACILITY=4', '+', 'SYSLOG_FACILITY=10'],
];

/** A field that a writer gave several times is a list, one that is no text a list of bytes, a long one null. */
const field = z.union([z.string(), z.array(z.union([z.string(), z.number()])), z.null()]).optional();
const Entry = z.object({
  __CURSOR: z.string().min(1).max(1024),
  __REALTIME_TIMESTAMP: z.string().regex(/^\d{1,16}$/),
  MESSAGE: field,
  SYSLOG_IDENTIFIER: field,
  _PID: field,
  _UID: field,
  _EXE: field,
});

const entryOf = (entry: z.infer<typeof Entry>): JournalEntry => ({
  atUs: Number(entry.__REALTIME_TIMESTAMP),
  program: textOf(entry.SYSLOG_IDENTIFIER) ?? '',
  pid: numberOf(entry._PID),
  uid: numberOf(entry._UID),
  executable: textOf(entry._EXE),
  message: textOf(entry.MESSAGE) ?? '',
});

const textOf = (value: z.infer<typeof field>): string | undefined => {
  if (typeof value === 'string') return value;
  if (!Array.isArray(value)) return undefined;
  const [first] = value;
  if (typeof first === 'string') return first;
  return Buffer.from(value.filter((byte) => typeof byte === 'number')).toString('utf8');
};

const numberOf = (value: z.infer<typeof field>): number | undefined => {
  const text = textOf(value);
  return text !== undefined && /^\d{1,10}$/.test(text) ? Number(text) : undefined;
};
