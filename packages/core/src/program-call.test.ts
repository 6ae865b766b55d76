import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { findProgramCall } from './program-call.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'call-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const make = (...paths: readonly string[]): void => {
  for (const path of paths) {
    mkdirSync(join(root, path, '..'), { recursive: true });
    writeFileSync(join(root, path), '');
  }
};

it('is called in its own folder from a checkout, and by its name where it is installed', () => {
  make('checkout/build/cli.js', 'checkout/parapet', 'opt/parapet/program/cli.js', 'opt/parapet/bin/parapet');
  const host = 'a1b2c3d4e5f6';
  expect(findProgramCall(join(root, 'checkout/build'), { root, host })).toEqual({
    here: './parapet',
    fromHost: './parapet',
  });
  expect(findProgramCall(join(root, 'opt/parapet/program'), { root, host })).toEqual({
    here: 'parapet',
    fromHost: 'parapet',
  });
});

it.each([
  ['.dockerenv', 'a1b2c3d4e5f6', 'docker exec a1b2c3d4e5f6 parapet'],
  ['.dockerenv', 'console-1', 'docker exec CONTAINER parapet'],
  ['run/.containerenv', 'a1b2c3d4e5f6', 'podman exec a1b2c3d4e5f6 parapet'],
])('is reached from outside of a container with %s whose host name is %s', (mark, host, fromHost) => {
  make('opt/parapet/bin/parapet', mark);
  expect(findProgramCall(join(root, 'opt/parapet/program'), { root, host })).toEqual({ here: 'parapet', fromHost });
});
