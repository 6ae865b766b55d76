import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSocketOwners } from './socket-owners.ts';
import { program } from './testing/fakes.ts';

let proc: string;
let clock = 0;
const alive = new Set<number>();

const makeProcess = (pid: number, inodes: readonly number[]): void => {
  mkdirSync(join(proc, String(pid), 'fd'), { recursive: true });
  symlinkSync('/dev/null', join(proc, String(pid), 'fd', '0'));
  for (const [index, inode] of inodes.entries())
    symlinkSync(`socket:[${inode}]`, join(proc, String(pid), 'fd', String(index + 3)));
  alive.add(pid);
};

const create = () =>
  createSocketOwners({
    procPath: proc,
    process: (pid) => (alive.has(pid) ? program(pid, `/bin/${pid}`) : undefined),
    monotonicMs: () => clock,
    processorMs: () => clock,
  });

beforeEach(() => {
  proc = mkdtempSync(join(tmpdir(), 'parapet-proc-'));
  clock = 0;
  alive.clear();
  mkdirSync(join(proc, 'self'));
});
afterEach(() => rmSync(proc, { recursive: true }));

describe('search', () => {
  it('finds holders', () => {
    makeProcess(10, [100, 101]);
    makeProcess(20, [200]);
    const owners = create();
    owners.search(new Set([101, 200]));
    expect([owners.ownerOf(101)?.pid, owners.ownerOf(200)?.pid, owners.ownerOf(100)]).toEqual([10, 20, undefined]);
  });

  it('says that a socket has no holder only after a whole walk, and looks again later', () => {
    makeProcess(10, [100]);
    const owners = create();
    owners.search(new Set([999]));
    expect(owners.isOwnerless(999)).toBe(true);
    expect(owners.isOwnerless(100)).toBe(false);
    clock += 61_000;
    expect(owners.isOwnerless(999)).toBe(false);
    makeProcess(30, [999]);
    owners.search(new Set([999]));
    expect(owners.ownerOf(999)?.pid).toBe(30);
  });

  it('looks ever less often for who has none each time, a quarter of an hour apart at last', () => {
    makeProcess(10, [100]);
    const owners = create();
    const waitsMs: number[] = [];
    for (let looks = 0; looks < 7; looks += 1) {
      owners.search(new Set([999]));
      const begunAt = clock;
      while (owners.isOwnerless(999)) clock += 10_000;
      waitsMs.push(clock - begunAt);
    }
    expect(waitsMs.map((ms) => ms / 60_000)).toEqual([1, 2, 4, 8, 16, 16, 16]);
  });

  it('stops when its time is over and goes on the next time', () => {
    for (let pid = 1; pid <= 50; pid += 1) makeProcess(pid, [1000 + pid]);
    let ticks = 0;
    const owners = createSocketOwners({
      procPath: proc,
      process: (pid) => program(pid, ''),
      monotonicMs: () => ticks++,
      processorMs: () => ticks,
      allowance: { firstMs: 20, savedMs: 20, share: 0.5 },
    });
    const wanted = new Set(Array.from({ length: 50 }, (_, index) => 1001 + index));
    const missing = (): Set<number> => new Set([...wanted].filter((inode) => owners.ownerOf(inode) === undefined));
    owners.search(wanted);
    const afterOne = missing().size;
    expect(afterOne).toBeGreaterThan(0);
    for (let time = 0; time < 50 && missing().size > 0; time += 1) {
      ticks += 1000;
      owners.search(missing());
    }
    expect(missing().size).toBe(0);
  });

  it('pays for what it took of the processor, not for the time that others took it away', () => {
    makeProcess(10, [100]);
    let waitedMs = 0;
    const owners = createSocketOwners({
      procPath: proc,
      process: (pid) => {
        // Held up for ten seconds in the middle of it.
        waitedMs += 10_000;
        return program(pid, '');
      },
      monotonicMs: () => clock + waitedMs,
      processorMs: () => clock,
    });
    owners.search(new Set([100]));
    makeProcess(20, [200]);
    owners.search(new Set([200]));
    expect(owners.ownerOf(200)?.pid).toBe(20);
  });

  it('asks a process that was told to listen before it walks over all', () => {
    for (let pid = 1; pid <= 50; pid += 1) makeProcess(pid, [1000 + pid]);
    let ticks = 0;
    const owners = createSocketOwners({
      procPath: proc,
      process: (pid) => program(pid, ''),
      ...{ monotonicMs: () => ticks++, processorMs: () => ticks },
      allowance: { firstMs: 6, savedMs: 6, share: 0.5 },
    });
    owners.expectAt(3);
    owners.search(new Set([1003]));
    expect(owners.ownerOf(1003)?.pid).toBe(3);
  });

  it('is not put off by processes that are gone or closed to us', () => {
    makeProcess(10, [100]);
    mkdirSync(join(proc, '11'));
    const owners = create();
    owners.search(new Set([100]));
    expect(owners.ownerOf(100)?.pid).toBe(10);
  });

  it('finds nothing without /proc, and ends', () => {
    const owners = createSocketOwners({
      procPath: '/nonexistent',
      ...{ process: () => undefined, monotonicMs: () => 0, processorMs: () => 0 },
    });
    owners.search(new Set([1]));
    expect(owners.ownerOf(1)).toBeUndefined();
  });
});

it('forgets a holder that ended, and sockets that are gone', () => {
  makeProcess(10, [100, 101]);
  const owners = create();
  owners.search(new Set([100, 101]));
  owners.keepOnly(new Set([100]));
  expect([owners.ownerOf(100)?.pid, owners.ownerOf(101)]).toEqual([10, undefined]);
  alive.delete(10);
  expect(owners.ownerOf(100)).toBeUndefined();
});
