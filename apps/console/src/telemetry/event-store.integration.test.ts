import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createManualClock, fail, problem } from '@parapet/core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { silentLog } from '../logging/log.ts';
import { alwaysOpen } from '../self-watch/write-gate.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { createEventStore } from './event-store.ts';
import type { FrameSpool, SealedSegment } from './spool/frame-spool.ts';
import type { TelemetryWorker } from './worker.ts';

let database: TestDatabase;
let folder: string;
beforeAll(async () => {
  database = await createTestDatabase();
  folder = mkdtempSync(join(tmpdir(), 'event-store-'));
});
afterAll(async () => {
  await database[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

/** Segments that wait, and how often somebody looked for them. */
const createWaiting = (segments: readonly SealedSegment[]) => {
  const looks = { count: 0 };
  let onSealed: () => void = () => {};
  const spool: FrameSpool = {
    append: async () => {},
    sealed: () => {
      looks.count += 1;
      return segments;
    },
    remove: () => {},
    onSealed: (listener) => {
      onSealed = listener;
    },
    cut: async () => {},
    recovered: () => new Map(),
    bytes: () => 1,
    close: async () => {},
  };
  return { spool, looks, seal: () => onSealed() };
};

test('a conversion that fails leaves no half-made files, takes none of others, and is not tried with each segment that comes', async () => {
  const { spool, looks, seal } = createWaiting([{ number: 5, path: 'five', bytes: 1 }]);
  const others = ['5-50-0.parquet', '15-5-0.parquet', '5-5-0.parquet.kept', '4-4-0.parquet'];
  const worker: TelemetryWorker = {
    run: async (_name, job) => {
      const to = 'to' in job ? job.to : '';
      for (const half of ['.ndjson', '-0.parquet', '-1.parquet.tmp']) writeFileSync(`${to}${half}`, 'half');
      for (const name of others) writeFileSync(join(folder, name), 'whole');
      return fail(problem('worker', 'The disk is full.'));
    },
    wake: () => {},
    [Symbol.asyncDispose]: async () => {},
  };
  const store = await createEventStore({
    ...{ db: database.db, clock: createManualClock(1_000_000), log: silentLog, spool, worker, folder },
    limits: async () => ({ days: 7, bytes: 1e12 }),
    pressure: () => undefined,
    gate: alwaysOpen,
  });
  try {
    await vi.waitFor(() => expect(readdirSync(folder).toSorted()).toEqual(others.toSorted()), { timeout: 60_000 });
    await vi.waitFor(() => expect(store.health()).toMatchObject({ state: 'away' }), { timeout: 60_000 });
    await store.settle();
    const before = looks.count;
    for (let segment = 0; segment < 10; segment += 1) seal();
    expect(looks.count).toBe(before);
    expect(store.health()).toMatchObject({ state: 'away', detail: expect.stringContaining('The disk is full.') });
    expect(readdirSync(folder).toSorted()).toEqual(others.toSorted());
  } finally {
    await store[Symbol.asyncDispose]();
  }
});
