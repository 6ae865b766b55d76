import { closeSync, fstatSync, readlinkSync, readSync } from 'node:fs';
import type { RootFolder } from '@parapet/kernel';
import { createLocalTime, zoneOfLink } from './host-zone.ts';
import type { LogPosition } from './log-tail.ts';
import type { LoginSource } from './login-events.ts';
import type { LoginFact } from './login-fact.ts';
import { createRecordFile, createTextFile, type LoginFile, type LoginFileDeps } from './login-files.ts';
import { btmpPath, logPaths, wtmpPath } from './login-paths.ts';
import { createSignInMessages } from './sign-in-messages.ts';
import { createUsers, passwdBytes } from './users.ts';
import type { UtmpLayout } from './utmp-records.ts';

/** A file of a container that says who came and went, and has something in it. */
export type FoundFile = {
  readonly path: string;
  readonly inode: number;
  readonly sizeBytes: number;
  readonly changedAtMs: number;
};

/** Follows such files of one container. Nothing of it is held open between two reads, since that would hold up who unmounts it. */
export type ContainerFiles = {
  /** Reads what is new, up to 512 KiB a file, where they lie below this root now. Returns whether there was something. */
  readonly read: (root: RootFolder, found: readonly FoundFile[]) => boolean;
  /** Whether anything was written to them since the container started. */
  readonly isWritten: () => boolean;
  /** Those that were read and are not among those found. */
  readonly missing: (found: readonly FoundFile[]) => boolean;
  readonly positions: () => Readonly<Record<string, LogPosition>>;
};

export type ContainerFilesDeps = {
  readonly layout: UtmpLayout | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly startedAt: number;
  /** Of an earlier life or run. */
  readonly positions: Readonly<Record<string, LogPosition>>;
  /** What is in them already: `known`: it was told or need not be; `new`: nothing was in them a moment ago; `look`: what is of this life is. */
  readonly already: 'known' | 'new' | 'look';
  readonly now: () => number;
  readonly onFact: (
    fact: LoginFact,
    atUs: number | undefined,
    source: LoginSource,
    isUser: (name: string) => boolean,
  ) => void;
  readonly onUnreadable: () => void;
  readonly onGap: (cause: string) => void;
};

/** A quarter of a MiB of each file, twice at each look. */
const maxChunks = 4;
/** Clocks of files and of runtimes differ by the kernel's tick. */
const clocksMs = 1000;
/** Lines without a zone are read in that of the container's link, which need not be what its programs go by. */
const zonesMs = 15 * 3_600_000;
const failedConnections = 64;

/** The files that have something in them; asks five times at most. */
export const findFiles = (root: RootFolder): readonly FoundFile[] => {
  const found = [wtmpPath, btmpPath].flatMap((path) => lookAt(root, path) ?? []);
  for (const path of logPaths) {
    const log = lookAt(root, path);
    if (log !== undefined) return [...found, log].filter(({ sizeBytes }) => sizeBytes > 0);
  }
  return found.filter(({ sizeBytes }) => sizeBytes > 0);
};

export const createContainerFiles = (deps: ContainerFilesDeps): ContainerFiles => {
  const followed = new Map<string, Followed>();
  const messages = createSignInMessages(failedConnections);
  let already = deps.already;
  let localTime: ReturnType<typeof createLocalTime> | undefined;

  const begin = (file: FoundFile): Followed => {
    const kept = deps.positions[file.path];
    const isBefore = already === 'known' || (already === 'look' && file.changedAtMs < deps.startedAt - clocksMs);
    return {
      start: kept ?? (isBefore ? 'end' : 'begin'),
      isFiltered: kept === undefined && already === 'look',
      seen: undefined,
      isSettled: false,
    };
  };
  const isOfThisLife = (file: Followed, path: string, atUs: number | undefined): boolean => {
    if (!file.isFiltered || atUs === undefined) return true;
    const allowedMs = isRecords(path) ? clocksMs : zonesMs;
    return atUs / 1000 >= deps.startedAt - allowedMs;
  };

  const open = (root: RootFolder, path: string, file: Followed, isUser: (name: string) => boolean): LoginFile => {
    const source = sourceOf(path);
    const about: LoginFileDeps = {
      openRoot: () => lent(root),
      ...{ path, maxChunks, start: file.start },
      onFact: (fact, atUs) => {
        if (isOfThisLife(file, path, atUs)) deps.onFact(fact, atUs, source, isUser);
      },
      onUnreadable: deps.onUnreadable,
      onGap: deps.onGap,
    };
    if (deps.layout !== undefined && isRecords(path))
      return createRecordFile(about, deps.layout, path === wtmpPath ? 'sessions' : 'failures');
    localTime ??= createLocalTime(readZone(root) ?? 'UTC', deps.now);
    return createTextFile(about, messages, localTime);
  };

  const readOne = (root: RootFolder, found: FoundFile, isUser: (name: string) => boolean): boolean => {
    const { path } = found;
    if (deps.layout === undefined && isRecords(path)) return false;
    const file = followed.get(path) ?? begin(found);
    followed.set(path, file);
    if (file.isSettled && isSameFile(file.seen, found)) return false;
    const opened = open(root, path, file, isUser);
    try {
      opened.read();
      // What was left the first time is the beginning of something: where the file is complete it is taken now.
      opened.read();
      const position = opened.position();
      const isThere = samePosition(file.start, position);
      file.isSettled = isThere && isSameFile(file.seen, found);
      if (position !== undefined) file.start = position;
      file.seen = found;
      return !isThere;
    } finally {
      opened.close();
    }
  };

  const positions = (): Readonly<Record<string, LogPosition>> => ({
    ...deps.positions,
    ...Object.fromEntries(
      [...followed].flatMap(([path, { start }]) => (typeof start === 'object' ? [[path, start] as const] : [])),
    ),
  });

  return {
    read: (root, found) => {
      const isUser = createUsers(() => readText(root, '/etc/passwd', passwdBytes));
      const read = found.map((file) => readOne(root, file, isUser));
      already = 'new';
      return read.includes(true);
    },
    isWritten: () =>
      [...followed.values()].some(({ seen }) => seen !== undefined && seen.changedAtMs >= deps.startedAt - clocksMs),
    missing: (found) => Object.keys(positions()).some((path) => found.every((file) => file.path !== path)),
    positions,
  };
};

type Followed = {
  start: LogPosition | 'begin' | 'end';
  /** Whether it may hold what is older than this life of the container. */
  readonly isFiltered: boolean;
  seen: FoundFile | undefined;
  /** Whether all that was there when it was seen is read. */
  isSettled: boolean;
};

const isRecords = (path: string): boolean => path === wtmpPath || path === btmpPath;

const sourceOf = (path: string): LoginSource => (path === wtmpPath ? 'wtmp' : path === btmpPath ? 'btmp' : 'auth log');

const lookAt = (root: RootFolder, path: string): FoundFile | undefined => {
  const opened = root.open(path, 'file');
  if (!opened.ok) return undefined;
  try {
    const { ino, size, mtimeMs } = fstatSync(opened.value);
    return { path, inode: ino, sizeBytes: size, changedAtMs: mtimeMs };
  } finally {
    closeSync(opened.value);
  }
};

export const isSameFile = (one: FoundFile | undefined, other: FoundFile): boolean =>
  one?.inode === other.inode && one.sizeBytes === other.sizeBytes && one.changedAtMs === other.changedAtMs;

const samePosition = (one: Followed['start'], other: LogPosition | undefined): boolean =>
  typeof one === 'object' && one.inode === other?.inode && one.offset === other.offset;

/** For who would close it. */
const lent = (root: RootFolder): RootFolder => ({ ...root, close: () => {}, [Symbol.dispose]: () => {} });

const readText = (root: RootFolder, path: string, maxBytes: number): string => {
  const opened = root.open(path, 'file');
  if (!opened.ok) return '';
  try {
    const bytes = Buffer.alloc(Math.min(maxBytes, fstatSync(opened.value).size));
    return bytes.toString('utf8', 0, readSync(opened.value, bytes, 0, bytes.length, 0));
  } finally {
    closeSync(opened.value);
  }
};

/** The link is read and not followed. */
const readZone = (root: RootFolder): string | undefined => {
  const folder = root.open('/etc', 'folder');
  if (!folder.ok) return undefined;
  try {
    return zoneOfLink(readlinkSync(`/proc/self/fd/${folder.value}/localtime`));
  } catch {
    // There is none, or it is no link.
    return undefined;
  } finally {
    closeSync(folder.value);
  }
};
