import { createHash } from 'node:crypto';
import { closeSync, fstatSync, readSync } from 'node:fs';
import type { Problem, Result } from '@parapet/core';
import type { RootFolder } from '@parapet/kernel';
import { createRateLimit } from '../../telemetry/rate-limit.ts';
import type { FileChange } from './file-change.ts';
import type { WatchedPaths } from './watched-paths.ts';

/** SHA-256 of files before and after a change, of those whose content is worth it and small enough. */
export type ContentHashes = {
  /** What is known of a change; reads the file, which its writer has just left in the kernel’s memory. */
  readonly ofChange: (
    change: FileChange,
    place: { readonly container: string | undefined; readonly openRoot: () => Result<RootFolder, Problem> },
  ) => ChangedContent;
  /** Remembers what a file is before anything happens to it; whether there is room for more. */
  readonly learn: (root: RootFolder, path: string) => boolean;
};

export type ChangedContent = {
  readonly before?: string | undefined;
  readonly after?: string | undefined;
  readonly absent?: HashAbsence | undefined;
};

/** `gone`: no longer there, or no file. `large`, `busy`: too much to read. `changing`: written to while it was read. */
export type HashAbsence = 'gone' | 'large' | 'busy' | 'changing';

/** Files that decide who may do what are far smaller; one takes some 5 ms. */
const maxFileBytes = 4 * 1024 * 1024;
/** In KiB, a started one as a whole: some 1 % of a core for long. */
const readKib = { perSecond: 4096, burst: 16_384 };
/** Some 200 bytes each; of the host and of all containers together, so that no container makes the host’s be forgotten. */
const maxKnown = { host: 8192, containers: 4096 } as const;

export const createContentHashes = (
  paths: WatchedPaths,
  nowMs: () => number = () => performance.now(),
): ContentHashes => {
  const known = { host: new Map<string, string>(), containers: new Map<string, string>() };
  const limit = createRateLimit(readKib);
  const remember = (owner: keyof typeof known, key: string, sha256: string | undefined): void => {
    const hashes = known[owner];
    hashes.delete(key);
    if (sha256 === undefined) return;
    hashes.set(key, sha256);
    const [oldest] = hashes.keys();
    if (hashes.size > maxKnown[owner] && oldest !== undefined) hashes.delete(oldest);
  };
  const mayRead = (bytes: number): boolean => {
    const now = nowMs();
    for (let left = Math.ceil(bytes / 1024); left > 0; left -= 1) if (!limit.take(now)) return false;
    return true;
  };

  return {
    ofChange: (change, { container, openRoot }) => {
      const owner = container === undefined ? 'host' : 'containers';
      const hashes = known[owner];
      const keyOf = (path: string): string => `${container ?? ''} ${path}`;
      const path = change.action === 'file-rename' ? change.target : change.path;
      if (change.isFolder) return {};
      if (change.action === 'file-rename' && change.path !== undefined) hashes.delete(keyOf(change.path));
      if (path === undefined || paths.relationOf(path) !== 'inside') return {};
      const before = hashes.get(keyOf(path));
      if (change.action === 'file-delete') {
        hashes.delete(keyOf(path));
        return { before };
      }
      if (!changesContent(change)) return {};
      const opened = openRoot();
      if (!opened.ok) return { before, absent: 'gone' };
      using root = opened.value;
      const found = hashFile(root, path, mayRead);
      remember(owner, keyOf(path), 'sha256' in found ? found.sha256 : undefined);
      return 'sha256' in found ? { before, after: found.sha256 } : { before, absent: found.absent };
    },
    learn: (root, path) => {
      if (known.host.size >= maxKnown.host) return false;
      const found = hashFile(root, path, () => true);
      if ('sha256' in found) remember('host', ` ${path}`, found.sha256);
      return true;
    },
  };
};

/** What is created is written next, unless it came with a folder and was found there. */
const changesContent = ({ action, pid }: FileChange): boolean =>
  action === 'file-write' || action === 'file-rename' || (action === 'file-create' && pid === 0);

const hashFile = (
  root: RootFolder,
  path: string,
  mayRead: (bytes: number) => boolean,
): { readonly sha256: string } | { readonly absent: HashAbsence } => {
  const opened = root.open(path, 'file');
  if (!opened.ok) return { absent: 'gone' };
  try {
    const before = fstatSync(opened.value, { bigint: true });
    if (before.size > maxFileBytes) return { absent: 'large' };
    const bytes = Number(before.size);
    if (!mayRead(bytes)) return { absent: 'busy' };
    const hash = createHash('sha256');
    for (let at = 0; at < bytes; ) {
      const length = readSync(opened.value, chunk, 0, Math.min(chunk.length, bytes - at), at);
      if (length === 0) return { absent: 'changing' };
      hash.update(chunk.subarray(0, length));
      at += length;
    }
    const after = fstatSync(opened.value, { bigint: true });
    const isSame = after.size === before.size && after.mtimeNs === before.mtimeNs && after.ctimeNs === before.ctimeNs;
    return isSame ? { sha256: hash.digest('hex') } : { absent: 'changing' };
  } catch {
    // A disk that cannot be read says so elsewhere; here there is no content to speak of.
    return { absent: 'gone' };
  } finally {
    closeSync(opened.value);
  }
};

/** One for all: nothing else runs between the reads. */
const chunk = Buffer.allocUnsafe(64 * 1024);
