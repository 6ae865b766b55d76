import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createManualClock } from '@parapet/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { silentLog } from '../logging/log.ts';
import { createDiskGuard } from './disk-guard.ts';
import { reserveBytesFor } from './reserve-file.ts';

const mebibyte = 1024 * 1024;
let root: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'ppt-guard-'));
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** A disk of 100 MiB of which a share is used by others; the reserve (5 MiB) comes on top while it is there. */
const guardOf = () => {
  const disk = { othersShare: 0 };
  const guard = createDiskGuard({
    ...{ root, clock: createManualClock(), log: silentLog },
    space: async () => {
      const reserve = (await stat(join(root, 'reserve')).catch(() => ({ size: 0 }))).size;
      return { totalBytes: 100 * mebibyte, freeBytes: Math.max(0, 100 * mebibyte * (1 - disk.othersShare) - reserve) };
    },
  });
  const changes: string[] = [];
  guard.onChange((state) => changes.push(state));
  const at = (share: number) => {
    disk.othersShare = share;
    return guard.look();
  };
  return { guard, changes, at };
};

test('it says when the disk fills, gives the reserve away at the end, and takes both back with slack', async () => {
  const { guard, changes, at } = guardOf();
  expect(await at(0.5)).toBe('ok');
  expect(guard.reserve()).toEqual({ bytes: 5 * mebibyte, held: true });
  expect(await at(0.81)).toBe('tight');
  expect(await at(0.79)).toBe('tight');
  expect(await at(0.7)).toBe('ok');
  expect(await at(0.905)).toBe('full');
  expect(guard.reserve().held).toBe(false);
  // What the reserve gave is not room for others: with it back in place the disk would be as full.
  expect(await at(0.89)).toBe('full');
  expect(await at(0.87)).toBe('tight');
  expect(guard.reserve().held).toBe(true);
  expect(await at(0.2)).toBe('ok');
  expect(changes).toEqual(['tight', 'ok', 'full', 'tight', 'ok']);
});

test('a reserve of an earlier run is found', async () => {
  const first = guardOf();
  await first.at(0.5);
  const second = guardOf();
  await second.guard.start();
  expect(second.guard.reserve().held).toBe(true);
  await second.guard[Symbol.asyncDispose]();
});

test('the reserve is 256 MiB, and a twentieth of a small disk', () => {
  expect(reserveBytesFor(500 * 1024 * mebibyte)).toBe(256 * mebibyte);
  expect(reserveBytesFor(1000 * mebibyte)).toBe(50 * mebibyte);
  expect(reserveBytesFor(0)).toBe(0);
});
