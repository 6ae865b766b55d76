import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createManualClock } from '@parapet/core';
import type { PowerCut } from '@parapet/testkit/power-cut';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { JournalFile, openTaskJournal } from '../tasks/task-journal.ts';
import { openRun } from './run.ts';
import { createStateFile, Identity, prepareStateDir, RunMarker, StreamMarker } from './state-files.ts';

const shared = vi.hoisted(() => ({ cut: undefined as PowerCut | undefined }));
vi.mock('node:fs/promises', async (original) => {
  const { createPowerCut } = await import('@parapet/testkit/power-cut');
  shared.cut = createPowerCut();
  return shared.cut.wrap(await original());
});

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ppt-state-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const identityOf = (key: string): Identity => ({
  format: 1,
  hostId: '00000000-0000-4000-8000-000000000001',
  consoleUrl: 'https://console.example',
  authorityPem: 'authority',
  keyPem: key,
  certificatePem: 'certificate',
});
const runOf = (last: number) => `00000000-0000-4000-8000-00000000000${last}`;
const taskOf = (last: number) => `00000000-0000-4000-8000-0000000000f${last}`;

test('the power goes at any moment: whatever the sensor counted on is there, and nothing it cannot read', async () => {
  const { cut } = shared;
  if (cut === undefined) throw new Error('Files are not recorded.');
  cut.watch(folder);
  const stateDir = join(folder, 'var/lib/sensor');
  await prepareStateDir(stateDir);
  const identity = createStateFile(stateDir, 'identity.json', Identity);
  const stream = createStateFile(stateDir, 'stream.json', StreamMarker);
  await identity.write(identityOf('first'));
  cut.mark('enrolled');
  const clock = createManualClock(1000);
  const memoryKills = () => ({ group: undefined, host: undefined });
  const run = await openRun(stateDir, { runId: runOf(1), bootId: 'boot-1', clock, memoryKills });
  cut.mark('running');
  await stream.write({ format: 1, epoch: 1 });
  cut.mark('epoch 1');
  const journal = await openTaskJournal(createStateFile(stateDir, 'tasks.json', JournalFile), (error) => {
    throw error;
  });
  await journal.record({ taskId: taskOf(1), state: 'done', acknowledged: false });
  cut.mark('task done');
  await identity.write(identityOf('renewed'));
  cut.mark('renewed');
  await stream.write({ format: 1, epoch: 2 });
  cut.mark('epoch 2');
  clock.set(2000);
  await run.close();
  cut.mark('stopped');
  const marks = ['enrolled', 'running', 'epoch 1', 'task done', 'renewed', 'epoch 2', 'stopped'];

  const states = await cut.replay(async (disk, mark) => {
    const found = join(disk, 'var/lib/sensor');
    const reached = (wanted: string): boolean => mark !== undefined && marks.indexOf(mark) >= marks.indexOf(wanted);
    await prepareStateDir(found);
    const read = await createStateFile(found, 'identity.json', Identity).read();
    if (reached('renewed')) expect(read?.keyPem).toBe('renewed');
    else if (reached('enrolled')) expect(['first', 'renewed']).toContain(read?.keyPem);
    const epoch = (await createStateFile(found, 'stream.json', StreamMarker).read())?.epoch ?? 0;
    expect(epoch).toBeGreaterThanOrEqual(reached('epoch 2') ? 2 : reached('epoch 1') ? 1 : 0);
    const marker = await createStateFile(found, 'run.json', RunMarker).read();
    if (reached('running')) expect(marker?.runId).toBe(runOf(1));
    if (reached('stopped')) expect(marker?.clean).toBe(true);
    const tasks = await openTaskJournal(createStateFile(found, 'tasks.json', JournalFile), () => undefined);
    if (reached('task done')) expect(tasks.find(taskOf(1))?.state).toBe('done');
  });
  expect(states).toBeGreaterThan(40);
});
