import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { silentLog } from '../logging/log.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import type { Jobs } from './jobs.ts';
import { createJobs } from './pg-boss-jobs.ts';

const patience = { timeout: 180_000, interval: 20 };
let database: TestDatabase;
let jobs: Jobs;
const seen: string[] = [];
let failuresLeft = 1;

beforeAll(async () => {
  database = await createTestDatabase();
  jobs = createJobs({ db: database.db, address: database.address, log: silentLog });
  const schema = z.object({ word: z.string() });
  jobs.register('say', async ({ word }) => void seen.push(word), { schema });
  jobs.register(
    'stumble',
    async () => {
      failuresLeft -= 1;
      if (failuresLeft >= 0) throw new Error('stumbled');
      seen.push('stood up');
    },
    { schema, policy: 'one-waiting' },
  );
  await jobs.start();
});

afterAll(async () => {
  await jobs.stop();
  await database[Symbol.asyncDispose]();
});

test('a job runs soon after it is enqueued', async () => {
  await jobs.enqueue('say', { word: 'hello' });
  await vi.waitFor(() => expect(seen).toContain('hello'), patience);
});

test('a job of a rolled back transaction never runs', async () => {
  await expect(
    database.db.transaction().execute(async (transaction) => {
      await jobs.enqueue('say', { word: 'never' }, { transaction });
      throw new Error('rolled back');
    }),
  ).rejects.toThrow('rolled back');
  await database.db.transaction().execute((transaction) => jobs.enqueue('say', { word: 'committed' }, { transaction }));
  await vi.waitFor(() => expect(seen).toContain('committed'), patience);
  expect(seen).not.toContain('never');
});

test('data of the wrong shape is refused when it is enqueued', async () => {
  await expect(jobs.enqueue('say', { word: 7 })).rejects.toThrow();
});

test('a queue with one waiting job drops the next, and a failed job is tried again', async () => {
  expect(await jobs.enqueue('stumble', { word: '' }, { delaySeconds: 1 })).toBe(true);
  expect(await jobs.enqueue('stumble', { word: '' }, { delaySeconds: 1 })).toBe(false);
  await vi.waitFor(() => expect(seen).toContain('stood up'), { timeout: 180_000, interval: 50 });
});

test('figures name every queue', async () => {
  const figures = await jobs.figures();
  expect(figures.map(({ name }) => name).sort()).toEqual(['say', 'stumble']);
});
