import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execArgv, systemClock } from '@parapet/core';
import { describeWith, eventually, root } from '@parapet/testkit';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openSpool, type SpoolLoss } from '../telemetry/spool/spool.ts';
import { openRun } from './run.ts';

/** A real file system of 256 KB. */
describeWith([root], 'a state folder on a full disk', () => {
  let folder: string;
  const filler = (): string => join(folder, 'filler');
  const fill = (): void => {
    try {
      for (let bytes = 4096; ; bytes += 4096) writeFileSync(filler(), Buffer.alloc(bytes));
    } catch {
      // It is full.
    }
  };

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'parapet-full-'));
    expect(await execArgv(['mount', '-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', folder])).toMatchObject({ exitCode: 0 });
    fill();
  });
  afterEach(async () => {
    await execArgv(['umount', '-l', folder]);
    rmSync(folder, { recursive: true, force: true });
  });

  it('the spool counts what it cannot keep, holds on to nothing, and keeps again once there is room', () => {
    const losses: SpoolLoss[] = [];
    const limits = { bytes: 1 << 20, ageMs: 3_600_000, segmentBytes: 1 << 16 };
    const spool = openSpool({ folder: join(folder), clock: systemClock, limits, onLost: (loss) => losses.push(loss) });
    const append = (): void => {
      const now = systemClock.now();
      spool.append({ body: Buffer.from('an event'), events: 3, firstAtMs: now, lastAtMs: now });
    };
    append();
    const openFiles = readdirSync('/proc/self/fd').length;
    for (let tries = 0; tries < 9; tries += 1) append();
    expect(losses.map(({ cause, events }) => [cause, events])).toEqual(Array(10).fill(['disk refused', 3]));
    expect(readdirSync('/proc/self/fd')).toHaveLength(openFiles);
    rmSync(filler());
    append();
    expect(losses).toHaveLength(10);
    spool.resume({ epoch: 0, seq: 0 });
    expect(spool.next()).toBeDefined();
    expect(spool.next()).toBeUndefined();
    expect(spool.losses().byCause).toEqual({ 'disk refused': 30 });
  });

  it('a run begins there all the same, says so, and says when there is room again', async () => {
    const told: (string | undefined)[] = [];
    const run = await openRun(folder, {
      ...{ runId: crypto.randomUUID(), bootId: 'boot', clock: systemClock },
      memoryKills: () => ({ group: undefined, host: undefined }),
      onFolder: (refusal) => told.push(refusal),
    });
    expect(told).toEqual([expect.stringContaining('ENOSPC')]);
    rmSync(filler());
    await eventually('room', async () => told.length === 2);
    expect(told[1]).toBe(undefined);
    await run.close();
    expect(readdirSync(folder)).toEqual(['run.json']);
  });
});
