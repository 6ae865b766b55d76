import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseHunt } from '@parapet/telemetry';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createTelemetryWorker, type TelemetryWorker } from './worker.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'telemetry-worker-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** That of a test before may still be ending. */
const noChild = (): Promise<void> => vi.waitFor(() => expect(children()).toBe(0), { timeout: 120_000 });

const children = (): number => process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap').length;

const count = (worker: TelemetryWorker) => {
  const hunt = parseHunt('');
  if (!hunt.ok) throw new Error(hunt.error.message);
  const scope = { from: 0, to: 1000, hunt: hunt.value, files: [] };
  return worker.run('histogram', { scope, stepUs: 1000 }, { timeoutMs: 120_000 });
};

test('a child that keeps too much memory ends with its job, and the next job has another', async () => {
  await using worker = createTelemetryWorker({ folder, memoryMegabytes: 128, maxKeptBytes: 0 });
  const before = children();
  for (let job = 0; job < 2; job += 1) {
    expect(await count(worker)).toMatchObject({ ok: true });
    await vi.waitFor(() => expect(children()).toBe(before), { timeout: 120_000 });
  }
});

test('a child within its memory stays for the next job', async () => {
  await using worker = createTelemetryWorker({ folder, memoryMegabytes: 128 });
  const before = children();
  expect(await count(worker)).toMatchObject({ ok: true });
  expect(await count(worker)).toMatchObject({ ok: true });
  expect(children()).toBe(before + 1);
});

test('a child that was woken takes the first job, and ends when none comes', async () => {
  await noChild();
  await using worker = createTelemetryWorker({ folder, memoryMegabytes: 128, idleMs: 5000 });
  worker.wake();
  worker.wake();
  expect(children()).toBe(1);
  expect(await count(worker)).toMatchObject({ ok: true });
  await noChild();
  worker.wake();
  expect(children()).toBe(1);
  await noChild();
});

test('waking a child at work does not end it', async () => {
  await using worker = createTelemetryWorker({ folder, memoryMegabytes: 128, idleMs: 1 });
  const counted = count(worker);
  await new Promise((resolve) => setImmediate(resolve));
  worker.wake();
  expect(await counted).toMatchObject({ ok: true });
});
