import { fail, ok, type Problem, problem, type Result } from '@parapet/core';
import type { FileKind } from './file-system.ts';

/** What a path resolver has to know of one entry; `target` only for links. */
export type PathEntry = { readonly kind: FileKind; readonly target?: string };

/** Finds an entry by its canonical path, whose parents are folders and no links. */
export type PathLookup = (canonicalPath: string) => Promise<Result<PathEntry>>;

/** As Linux: MAXSYMLINKS and PATH_MAX. */
const maxLinks = 40;
const maxPathLength = 4096;

/**
 * The canonical path of `path`: no link, no `.` and `..`. Links are resolved against the target's own root, so that none leads
 * out of it. With `followLast` false a link in last place stays.
 */
export const resolvePath = async (path: string, lookup: PathLookup, followLast = true): Promise<Result<string>> => {
  let pending = components(path).reverse();
  const resolved: string[] = [];
  let links = 0;
  while (pending.length > 0) {
    const name = pending.pop() ?? '';
    if (name === '..') {
      resolved.pop();
      continue;
    }
    const here = joined([...resolved, name]);
    if (here.length > maxPathLength || name.length > 255 || name.includes('\0')) return fail(badPath(path));
    const entry = await lookup(here);
    if (!entry.ok) return entry;
    if (entry.value.kind !== 'symlink' || (pending.length === 0 && !followLast)) {
      if (pending.length > 0 && entry.value.kind !== 'directory') return fail(notADirectory(here));
      resolved.push(name);
      continue;
    }
    links += 1;
    const target = entry.value.target ?? '';
    if (links > maxLinks || target === '') return fail(badPath(path));
    if (target.startsWith('/')) resolved.length = 0;
    pending = [...pending, ...components(target).reverse()];
    if (pending.length > maxPathLength) return fail(badPath(path));
  }
  return ok(joined(resolved));
};

/** The folder and the name of a canonical path; the root is its own folder with an empty name. */
export const splitPath = (path: string): { readonly folder: string; readonly name: string } => {
  const slash = path.lastIndexOf('/');
  return { folder: slash <= 0 ? '/' : path.slice(0, slash), name: path.slice(slash + 1) };
};

/** Makes an absolute path without empty parts, `.` and `..`, purely by its text, as archives name their members. */
export const normalisePath = (path: string): string => {
  const kept: string[] = [];
  for (const part of components(path)) {
    if (part === '..') kept.pop();
    else kept.push(part);
  }
  return joined(kept);
};

export const notFound = (path: string): Problem => problem('not-found', 'There is no such file.', path);
export const notAFile = (path: string): Problem => problem('not-a-file', 'This is no regular file.', path);
export const notADirectory = (path: string): Problem => problem('not-a-directory', 'This is no folder.', path);
export const tooLarge = (path: string, maxBytes: number): Problem =>
  problem('too-large', `The file is larger than ${maxBytes} bytes.`, path);
export const tooMany = (path: string, maxEntries: number): Problem =>
  problem('too-many', `The folder has more than ${maxEntries} entries.`, path);

const badPath = (path: string): Problem =>
  problem('bad-path', 'The path is too long, or its links lead in a circle.', path.slice(0, 1024));

const components = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');

const joined = (parts: readonly string[]): string => `/${parts.join('/')}`;
