import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createManualClock } from '@parapet/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRun } from './run.ts';
import { createStateFile, prepareStateDir, StreamMarker } from './state-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-state-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe('a state file', () => {
  it('is read back as it was written, for its owner only', async () => {
    const file = createStateFile(folder, 'stream.json', StreamMarker);
    expect(await file.read()).toBeUndefined();
    await Promise.all([1, 2, 3].map((epoch) => file.write({ format: 1, epoch })));
    expect(await file.read()).toEqual({ format: 1, epoch: 3 });
    expect((await stat(join(folder, 'stream.json'))).mode & 0o777).toBe(0o600);
    await file.remove();
    await file.remove();
    expect(await file.read()).toBeUndefined();
  });

  it('says when a newer sensor wrote it, and when it is broken', async () => {
    const file = createStateFile(folder, 'stream.json', StreamMarker);
    await writeFile(join(folder, 'stream.json'), '{"format":2,"epoch":{"high":1}}');
    await expect(file.read()).rejects.toMatchObject({
      code: 'state-newer',
      message: expect.stringContaining('newer sensor'),
    });
    await writeFile(join(folder, 'stream.json'), '{"format":1');
    await expect(file.read()).rejects.toMatchObject({ code: 'state-broken' });
  });

  it('lies in a folder of its own, or a sentence says why not', async () => {
    await prepareStateDir(join(folder, 'a/b'));
    expect((await stat(join(folder, 'a/b'))).mode & 0o777).toBe(0o700);
    await writeFile(join(folder, 'file'), '');
    await expect(prepareStateDir(join(folder, 'file/b'))).rejects.toMatchObject({ code: 'state-dir' });
  });
});

describe('a run', () => {
  it('tells how the one before it ended', async () => {
    const clock = createManualClock(5000);
    const first = await openRun(folder, '00000000-0000-4000-8000-000000000001', clock);
    expect(first.previous).toBeUndefined();
    // Killed: nothing was closed.
    clock.set(9000);
    const second = await openRun(folder, '00000000-0000-4000-8000-000000000002', clock);
    expect(second.previous).toEqual({
      runId: '00000000-0000-4000-8000-000000000001',
      end: 'unclean',
      lastAliveAt: 5000,
    });
    clock.set(9500);
    await second.close();
    await first.close();
    await second.close();
    const third = await openRun(folder, '00000000-0000-4000-8000-000000000003', clock);
    expect(third.previous).toEqual({ runId: '00000000-0000-4000-8000-000000000002', end: 'clean', lastAliveAt: 9500 });
    await third.close();
  });
});
