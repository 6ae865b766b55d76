import { randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Upgrade } from '@parapet/contract/wire';
import { systemClock } from '@parapet/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../log.ts';
import type { JournalEntry } from '../tasks/task-journal.ts';
import { UpgradeFailure } from './failure.ts';
import { systemFiles, type UpgradeFiles } from './files.ts';
import { handOver } from './hand-over.ts';
import { createUpgradePreparer } from './prepare.ts';
import { openUpgradeRecord } from './record-file.ts';
import { settleUpgrade } from './settle.ts';
import type { TrialResult } from './trial.ts';

const oldBuild = '0.1.0-000000000001';
const newBuild = '0.2.0-000000000002';

let folder: string;
let rootDir: string;
let stateDir: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-upgrade-'));
  rootDir = join(folder, 'opt');
  stateDir = join(folder, 'state');
  await mkdir(join(rootDir, 'versions', oldBuild), { recursive: true });
  await writeFile(join(rootDir, 'versions', oldBuild, 'sensor.js'), 'old');
  await symlink(join('versions', oldBuild), join(rootDir, 'current'));
  await mkdir(stateDir);
  for (const name of ['identity', 'stream', 'run']) await writeFile(join(stateDir, `${name}.json`), '{"format":1}');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const current = async (): Promise<string> => (await readlink(join(rootDir, 'current'))).slice('versions/'.length);
const order = (): Upgrade => ({
  kind: 'upgrade',
  taskId: randomUUID(),
  deadline: Date.now() + 60_000,
  archive: {
    version: '0.2.0',
    build: newBuild,
    architecture: process.arch,
    sizeBytes: 10,
    sha256: 'a'.repeat(64),
  },
});

/** The power fails, or the process is killed, before the n-th thing that is done to the disk. */
class Cut extends Error {}
const cutBefore = (step: number): { readonly files: UpgradeFiles; readonly steps: () => number } => {
  let count = 0;
  const counted =
    <A extends unknown[], R>(act: (...args: A) => Promise<R>) =>
    async (...args: A): Promise<R> => {
      count += 1;
      if (count >= step) throw new Cut('cut');
      return act(...args);
    };
  return {
    steps: () => count,
    files: {
      ...systemFiles,
      makeFolder: counted(systemFiles.makeFolder),
      rename: counted(systemFiles.rename),
      link: counted(systemFiles.link),
      remove: counted(systemFiles.remove),
      sync: counted(systemFiles.sync),
    },
  };
};

type Scene = {
  readonly files?: UpgradeFiles;
  readonly result?: TrialResult;
  readonly unreachable?: boolean;
  readonly selfCheck?: () => Promise<void>;
};

/** One life of the sensor of `build`: settles what was before, then upgrades when it is asked to. */
const live = async (build: string, task: Upgrade | undefined, scene: Scene = {}): Promise<JournalEntry[]> => {
  const journal: JournalEntry[] = [];
  const record = await openUpgradeRecord(stateDir);
  const installation = { rootDir, build };
  const files = scene.files ?? systemFiles;
  await settleUpgrade({
    ...{ installation, stateDir, record, log: silentLog, files: systemFiles },
    journal: { record: async (entry) => void journal.push(entry) },
    startTicksOf: () => undefined,
    kill: () => undefined,
  });
  if (task === undefined) return journal;
  const prepare = createUpgradePreparer({
    ...{ installation, record, files, clock: systemClock, version: '0.1.0', obstacle: '' },
    download: async (_archive, path) => writeFile(path, 'an archive'),
    unpack: async (_path, stage) => {
      const file = join(stage, 'sensor.js');
      await writeFile(file, 'new');
      return { files: [file], folders: [stage], bytes: 3 };
    },
    selfCheck: scene.selfCheck ?? (async () => undefined),
  });
  const ready = await prepare(task, { signal: new AbortController().signal, onStep: () => undefined });
  if (ready === 'same') return journal;
  await handOver(
    {
      ...{ installation, stateDir, record, files, log: silentLog, env: {} },
      run: async ({ env }) => {
        expect(env['PARAPET_STATE_DIR']).toBe(join(stateDir, 'upgrade/trial'));
        // It may write what it likes.
        await writeFile(join(stateDir, 'upgrade/trial/identity.json'), '{"format":99}');
        return scene.result ?? { kind: 'connected' };
      },
      startTicksOf: () => undefined,
      reachConsole: () => (scene.unreachable === true ? Promise.reject(new Error('no route')) : Promise.resolve()),
      signal: new AbortController().signal,
    },
    ready,
  );
  return journal;
};

/** Whatever happened: what is started next is whole, nothing half-made counts, and the identity is as it was. */
const expectSound = async (): Promise<void> => {
  const build = await current();
  expect([oldBuild, newBuild]).toContain(build);
  expect(existsSync(join(rootDir, 'versions', build, 'sensor.js'))).toBe(true);
  for (const name of await readdir(join(rootDir, 'versions'))) {
    expect(existsSync(join(rootDir, 'versions', name, 'sensor.js')), name).toBe(true);
  }
  expect(await readFile(join(stateDir, 'identity.json'), 'utf8')).toBe('{"format":1}');
};

describe('an upgrade', () => {
  it('ends with the new version, told once, and the old one kept', async () => {
    await mkdir(join(rootDir, 'versions', '0.0.9-older'));
    await writeFile(join(rootDir, 'versions/0.0.9-older/sensor.js'), 'older');
    const task = order();
    expect(await live(oldBuild, task)).toEqual([]);
    expect(await current()).toBe(newBuild);
    expect(await live(newBuild, undefined)).toMatchObject([{ taskId: task.taskId, state: 'done' }]);
    expect(await live(newBuild, task)).toEqual([]);
    expect((await readdir(join(rootDir, 'versions'))).sort()).toEqual([oldBuild, newBuild]);
    await expectSound();
  });

  it('survives a cut before each thing that it does to the disk, and ends the same when asked again', async () => {
    const whole = cutBefore(Number.POSITIVE_INFINITY);
    await live(oldBuild, order(), { files: whole.files });
    const steps = whole.steps();
    expect(steps).toBeGreaterThan(10);
    for (let step = 1; step <= steps; step += 1) {
      await rm(folder, { recursive: true, force: true });
      await mkdir(join(rootDir, 'versions', oldBuild), { recursive: true });
      await writeFile(join(rootDir, 'versions', oldBuild, 'sensor.js'), 'old');
      await symlink(join('versions', oldBuild), join(rootDir, 'current'));
      await mkdir(stateDir);
      for (const name of ['identity', 'stream', 'run']) await writeFile(join(stateDir, `${name}.json`), '{"format":1}');
      const task = order();
      await live(oldBuild, task, { files: cutBefore(step).files }).catch((error: unknown) => {
        if (!(error instanceof Cut) && !(error instanceof UpgradeFailure)) throw error;
      });
      await expectSound();
      // Whoever starts it takes what `current` names; the console asks again unless it has heard an end.
      const told = await live(await current(), undefined);
      const ends = told.map(({ state }) => state);
      expect(ends.length, `step ${step}`).toBeLessThan(2);
      if (ends.length === 0) await live(await current(), task);
      else if (ends[0] === 'failed') await live(await current(), order());
      expect(await current(), `step ${step}`).toBe(newBuild);
      await live(newBuild, undefined);
      expect(await readdir(join(stateDir, 'upgrade')), `step ${step}`).toEqual([]);
      expect(await readdir(rootDir), `step ${step}`).toEqual(['current', 'versions']);
      await expectSound();
    }
  });

  it.each<[string, Scene, string, RegExp]>([
    [
      'crashed',
      { result: { kind: 'crashed', detail: 'It ended with SIGSEGV.' } },
      'crashed',
      /could not stay up.*SIGSEGV/,
    ],
    [
      'did not connect',
      { result: { kind: 'silent', detail: 'refused', ready: true } },
      'no-connection',
      /did not connect within 60 s. It said: refused/,
    ],
    ['hung', { result: { kind: 'silent', detail: '', ready: false } }, 'no-connection', /was not ready within 60 s/],
    [
      'could not be judged',
      { result: { kind: 'silent', detail: '', ready: true }, unreachable: true },
      'console-unreachable',
      /by the old version either \(no route\)/,
    ],
    ['was stopped on the way', { result: { kind: 'aborted' } }, 'interrupted', /was stopped while/],
  ])('leaves the old version when the new one %s', async (_case, scene, reason, message) => {
    const task = order();
    await live(oldBuild, task, scene);
    expect(await current()).toBe(oldBuild);
    const [end] = await live(oldBuild, undefined);
    expect(end).toMatchObject({ taskId: task.taskId, state: 'failed', reason });
    expect(end?.message).toMatch(message);
    expect(await readdir(join(rootDir, 'versions'))).toEqual([oldBuild]);
    expect(await live(oldBuild, undefined)).toEqual([]);
    await expectSound();
  });

  it('is not tried again by itself after a crash in the middle of the trial', async () => {
    const record = await openUpgradeRecord(stateDir);
    const taskId = randomUUID();
    await record.write({
      ...{ format: 1, taskId, step: 'trial', startedAt: 1 },
      from: { version: '0.1.0', build: oldBuild },
      to: { version: '0.2.0', build: newBuild },
    });
    expect(await live(oldBuild, undefined)).toMatchObject([{ taskId, state: 'failed', reason: 'interrupted' }]);
  });

  it('says what stands in its way before it touches anything', async () => {
    await expect(
      live(oldBuild, { ...order(), archive: { ...order().archive, architecture: 'mips' } }),
    ).rejects.toMatchObject({
      reason: 'architecture',
    });
    await expect(
      live(oldBuild, order(), { files: { ...systemFiles, freeBytes: async () => 1024 } }),
    ).rejects.toMatchObject({ reason: 'no-space', message: expect.stringMatching(/has 0 MiB free.*needs 64 MiB/) });
    const full = { ...systemFiles, sync: () => Promise.reject(new Error('ENOSPC: no space left on device')) };
    await expect(live(oldBuild, order(), { files: full })).rejects.toMatchObject({ reason: 'no-space' });
    const selfCheck = () => Promise.reject(new UpgradeFailure('self-check', 'It does not run.'));
    await expect(live(oldBuild, order(), { selfCheck })).rejects.toMatchObject({ reason: 'self-check' });
    expect(await readdir(join(rootDir, 'versions'))).toEqual([oldBuild]);
    expect(await readdir(rootDir)).toEqual(['current', 'versions']);
    await expectSound();
  });
});
