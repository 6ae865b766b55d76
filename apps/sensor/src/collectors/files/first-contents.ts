import { type Dirent, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem, Result } from '@parapet/core';
import type { RootFolder } from '@parapet/kernel';
import type { ContentHashes } from './content-hashes.ts';
import type { WatchedPaths } from './watched-paths.ts';

/** Reads the host’s files whose content is followed once, a few at a time, so that their first change has a before. */
export type FirstContents = {
  /** Goes on until then (as `performance.now()`) at most, one file at least; whether something is left to do. */
  readonly step: (untilMs: number) => boolean;
};

const maxDepth = 16;
const maxEntries = 50_000;

export const createFirstContents = (deps: {
  readonly rootPath: string;
  readonly openRoot: () => Result<RootFolder, Problem>;
  readonly paths: WatchedPaths;
  readonly hashes: Pick<ContentHashes, 'learn'>;
  /** Mounts inside the root that are left alone. */
  readonly foreign: ReadonlySet<string>;
}): FirstContents => {
  const files = filesBelow(deps.rootPath, '', deps.paths, { foreign: deps.foreign, left: maxEntries }, 0);
  let isOver = false;
  return {
    step: (untilMs) => {
      if (isOver) return false;
      const opened = deps.openRoot();
      if (!opened.ok) {
        isOver = true;
        return false;
      }
      using root = opened.value;
      do {
        const next = files.next();
        isOver = next.done === true || !deps.hashes.learn(root, next.value);
      } while (!isOver && performance.now() < untilMs);
      return !isOver;
    },
  };
};

type Bounds = { readonly foreign: ReadonlySet<string>; left: number };

const filesBelow = function* (
  rootPath: string,
  folder: string,
  paths: WatchedPaths,
  bounds: Bounds,
  depth: number,
): Generator<string> {
  if (depth > maxDepth || bounds.foreign.has(folder)) return;
  for (const entry of entriesOf(join(rootPath, folder, '/'))) {
    bounds.left -= 1;
    if (bounds.left < 0) return;
    const path = `${folder}/${entry.name}`;
    const relation = paths.relationOf(path);
    if (relation === undefined) continue;
    if (entry.isDirectory()) yield* filesBelow(rootPath, path, paths, bounds, depth + 1);
    else if (entry.isFile() && relation === 'inside') yield path;
  }
};

/** Nothing of a folder that is gone or may not be read. */
const entriesOf = (path: string): readonly Dirent[] => {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch {
    return [];
  }
};
