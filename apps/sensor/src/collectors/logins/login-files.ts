import { messageOf } from '@parapet/core';
import type { RootFolder } from '@parapet/kernel';
import { createLineReader } from './line-reader.ts';
import { createLogTail, type LogPosition, type LogTail, type LogTailDeps } from './log-tail.ts';
import type { LoginEvidence, LoginFact } from './login-fact.ts';
import { createSessionRecords, failureOf } from './session-records.ts';
import type { SignInMessages } from './sign-in-messages.ts';
import { parseSyslogLine, type WallClock } from './syslog-line.ts';
import { parseUtmpRecord, type UtmpLayout, type UtmpRecord } from './utmp-records.ts';

/** A file that says who came and went. */
export type LoginFile = {
  readonly path: string;
  /** Tells what is new, up to some 1 MiB. Throws nothing. */
  readonly read: () => void;
  readonly position: () => LogPosition | undefined;
  /** Why it cannot be read; `enoent` when there is none. */
  readonly problem: () => string | undefined;
  readonly close: () => void;
};

export type LoginFileDeps = {
  readonly openRoot: () => RootFolder;
  readonly path: string;
  readonly start: LogTailDeps['start'];
  readonly newSinceMs?: number | undefined;
  /** Chunks of 64 KiB that are read at once, default 16. */
  readonly maxChunks?: number;
  readonly onFact: (fact: LoginFact, atUs: number | undefined, evidence: LoginEvidence) => void;
  readonly onUnreadable: () => void;
  readonly onGap: (cause: string) => void;
};

const defaultMaxChunks = 16;
/** Who is there when we begin is looked for so far back. */
const maxEarlierRecords = 512;

export const createRecordFile = (deps: LoginFileDeps, layout: UtmpLayout, kind: 'sessions' | 'failures'): LoginFile => {
  const sessions = createSessionRecords();
  const factOf = kind === 'sessions' ? sessions.read : failureOf;
  const take = (record: UtmpRecord | 'unreadable'): void => {
    if (record === 'unreadable') {
      deps.onUnreadable();
      return;
    }
    const fact = factOf(record);
    if (fact !== undefined) deps.onFact(fact, record.atUs, 'record');
  };
  return createLoginFile(deps, layout.bytes, {
    begin: (tail) => {
      if (kind !== 'sessions') return;
      for (const record of recordsIn(tail.before(maxEarlierRecords * layout.bytes), layout))
        if (record !== 'unreadable') sessions.read(record);
    },
    read: (bytes, isLast) => {
      for (const record of recordsIn(bytes, layout)) take(record);
      const left = bytes.length % layout.bytes;
      // Half a record at the end of a file that nobody writes to any more.
      if (isLast && left > 0) deps.onUnreadable();
      return isLast ? bytes.length : bytes.length - left;
    },
  });
};

export const createTextFile = (
  deps: LoginFileDeps,
  messages: SignInMessages,
  localTime: (shown: WallClock) => number,
): LoginFile => {
  const lines = createLineReader();
  const onGap = (cause: string): void => {
    lines.reset();
    deps.onGap(cause);
  };
  return createLoginFile({ ...deps, onGap }, 1, {
    begin: () => {},
    read: (bytes, isLast) => {
      const { lines: found, taken } = lines.read(bytes, isLast);
      for (const text of found) {
        const line = parseSyslogLine(text, localTime);
        const fact = line === undefined ? undefined : messages.read(line.program, line.pid, line.message);
        if (line !== undefined && fact !== undefined) deps.onFact(fact, line.atUs, 'text');
      }
      return taken;
    },
  });
};

type Reading = {
  /** Before the first bytes are read. */
  readonly begin: (tail: LogTail) => void;
  /** How many bytes were understood; all of them where nothing follows. */
  readonly read: (bytes: Buffer, isLast: boolean) => number;
};

const createLoginFile = (deps: LoginFileDeps, unit: number, reading: Reading): LoginFile => {
  const { maxChunks = defaultMaxChunks } = deps;
  const tail = createLogTail({ ...deps, unit });
  let problem: string | undefined;
  let isBegun = false;
  const read = (): void => {
    for (let chunks = 0; chunks < maxChunks; chunks += 1) {
      const bytes = tail.peek();
      if (!isBegun && tail.position() !== undefined) {
        isBegun = true;
        reading.begin(tail);
      }
      const taken = bytes.length === 0 ? 0 : reading.read(bytes, tail.isLast());
      if (taken === 0) return;
      tail.take(taken);
    }
  };
  return {
    path: deps.path,
    read: () => {
      try {
        read();
        problem = tail.problem();
      } catch (error) {
        problem = messageOf(error);
      }
    },
    position: tail.position,
    problem: () => problem,
    close: tail.close,
  };
};

const recordsIn = function* (bytes: Buffer, layout: UtmpLayout): Generator<UtmpRecord | 'unreadable'> {
  for (let at = 0; at + layout.bytes <= bytes.length; at += layout.bytes) {
    const record = parseUtmpRecord(bytes.subarray(at, at + layout.bytes), layout);
    if (record !== 'other') yield record;
  }
};
