import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createManualClock } from '@parapet/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MemoryKills, openRun, type Run } from './run.ts';
import { createStateFile, prepareStateDir, StreamMarker, stateFileNames } from './state-files.ts';

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

  it('is removed by name when the sensor is uninstalled', async () => {
    const script = await readFile(new URL('../../../../deploy/sensor/parapet-sensor', import.meta.url), 'utf8');
    expect(/for file in ([^;]+); do/.exec(script)?.[1]?.split(' ')).toEqual(stateFileNames);
  });

  it('lies in a folder of its own, or a sentence says why not', async () => {
    await prepareStateDir(join(folder, 'a/b'));
    expect((await stat(join(folder, 'a/b'))).mode & 0o777).toBe(0o700);
    await writeFile(join(folder, 'file'), '');
    await expect(prepareStateDir(join(folder, 'file/b'))).rejects.toMatchObject({ code: 'state-dir' });
  });
});

describe('a run', () => {
  const clock = createManualClock(5000);
  const idOf = (digit: number): string => `00000000-0000-4000-8000-00000000000${digit}`;
  const begin = (digit: number, kills: MemoryKills = { group: undefined, host: undefined }, bootId = 'boot') =>
    openRun(folder, { runId: idOf(digit), bootId, clock, memoryKills: () => kills });
  const causeAfter = async (
    end: (run: Run) => Promise<void>,
    next: Parameters<typeof begin>[1],
    bootId?: string,
  ): Promise<unknown> => {
    await end(await begin(1, { group: 1, host: 5 }));
    return (await begin(2, next, bootId)).previous?.cause;
  };
  const kill = async (): Promise<void> => {};

  it.each<[string, (run: Run) => Promise<void>, MemoryKills, string, string | undefined]>([
    ['a kill', kill, { group: 1, host: 5 }, 'boot', undefined],
    ['a kill in its own group', kill, { group: 2, host: 6 }, 'boot', 'memory-limit'],
    ['a kill on the host', kill, { group: 1, host: 6 }, 'boot', 'host-memory'],
    ['a group that is new', kill, { group: 0, host: 5 }, 'boot', undefined],
    ['a kernel that does not count', kill, { group: undefined, host: undefined }, 'boot', undefined],
    ['another boot', kill, { group: 7, host: 9 }, 'other', undefined],
    ['a crash', (run) => run.failing('crash', 'a bug'), { group: 2, host: 6 }, 'boot', 'crash'],
    ['a stop', (run) => run.close(), { group: 2, host: 6 }, 'boot', undefined],
    ['an upgrade', (run) => run.close('upgrade'), { group: 1, host: 5 }, 'boot', 'upgrade'],
  ])('knows %s', async (_what, end, next, bootId, cause) => {
    expect(await causeAfter(end, next, bootId)).toBe(cause);
  });

  it('keeps the words of a crash, cut', async () => {
    await (await begin(1)).failing('crash', 'x'.repeat(9999));
    expect((await begin(2)).previous).toMatchObject({ end: 'unclean', cause: 'crash', detail: 'x'.repeat(512) });
  });

  it('tells how the one before it ended', async () => {
    clock.set(5000);
    const first = await begin(1);
    expect(first.previous).toBeUndefined();
    // Killed: nothing was closed.
    clock.set(9000);
    const second = await begin(2);
    expect(second.previous).toEqual({
      runId: '00000000-0000-4000-8000-000000000001',
      end: 'unclean',
      lastAliveAt: 5000,
    });
    clock.set(9500);
    await second.close();
    await first.close();
    await second.close();
    const third = await begin(3);
    expect(third.previous).toEqual({ runId: '00000000-0000-4000-8000-000000000002', end: 'clean', lastAliveAt: 9500 });
    await third.close();
  });
});
