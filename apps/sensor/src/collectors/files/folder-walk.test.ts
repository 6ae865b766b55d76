import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openRoot } from '../../proc/process-root.ts';
import { createFolderWalk } from './folder-walk.ts';
import { createWatchedPaths } from './watched-paths.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'folder-walk-'));
  for (const folder of ['etc/deep/est', 'usr/lib/one/two', 'usr/bin/some', 'srv'])
    mkdirSync(join(root, folder), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

const walkOver = (names: readonly string[], maxFolders = 100) => {
  const visited: string[] = [];
  const walk = createFolderWalk({
    ...{ paths: createWatchedPaths(names), openRoot: () => openRoot(root), foreign: () => new Set(), maxFolders },
    visit: (_fd, path) => {
      visited.push(path);
      return 'visited';
    },
    onFound: () => {},
  });
  return { walk, visited };
};

it('goes through those named first with all below them before the next, each from the top down', () => {
  const { walk, visited } = walkOver(['/usr/bin', '/etc', '/usr/lib']);
  walk.begin();
  expect(walk.step(Number.POSITIVE_INFINITY)).toBe(false);
  expect(visited).toEqual([
    ...['/', '/usr', '/usr/bin', '/usr/bin/some'],
    ...['/etc', '/etc/deep', '/etc/deep/est'],
    ...['/usr/lib', '/usr/lib/one', '/usr/lib/one/two'],
  ]);
});

it('goes on where it was, and takes in what appeared by its place', () => {
  const { walk, visited } = walkOver(['/etc', '/usr/lib']);
  walk.begin();
  // No time: nothing but the question whether something is left.
  expect(walk.step(0)).toBe(true);
  expect(visited).toEqual([]);
  walk.add('/usr/lib/one', true);
  walk.add('/srv', true);
  walk.step(Number.POSITIVE_INFINITY);
  expect(visited.filter((path) => path === '/usr/lib/one')).toHaveLength(2);
  expect(visited.indexOf('/etc/deep/est')).toBeLessThan(visited.indexOf('/usr/lib/one'));
  expect(visited).not.toContain('/srv');
});
