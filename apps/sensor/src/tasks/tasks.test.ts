import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BulkBegin,
  type BulkChunk,
  bulkLimits,
  type Task,
  type TaskState,
  type Upgrade,
} from '@parapet/contract/wire';
import { fail, ok, problem, systemClock } from '@parapet/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../log.ts';
import { createStateFile } from '../state/state-files.ts';
import { UpgradeFailure } from '../upgrade/failure.ts';
import type { PrepareUpgrade } from '../upgrade/prepare.ts';
import { type BulkSender, createBulkSender } from './bulk-sender.ts';
import type { ScanOutcome } from './scan-job.ts';
import type { ScanRunner } from './scan-runner.ts';
import { createTaskDesk, type TaskDesk } from './task-desk.ts';
import { JournalFile, openTaskJournal } from './task-journal.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-tasks-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const soon = { timeout: 25_000, interval: 5 };
const content = Buffer.from(Array.from({ length: bulkLimits.chunkBytes * 2 + 100 }, (_, at) => (at * 31) % 251));
const sha256 = createHash('sha256').update(content).digest('hex');

const writeDocument: ScanRunner = async (job) => {
  await writeFile(job.outputPath, content);
  return { kind: 'done', sizeBytes: content.length, sha256, summary: '3 packages' };
};

/** The console's side of a transfer. */
const receiveAll = (bulk: BulkSender): Buffer => {
  let received = Buffer.alloc(0);
  for (let message = bulk.next(); message !== undefined; message = bulk.next()) {
    if (message.kind === 'bulk-begin') {
      bulk.onState({ kind: 'bulk-state', transferId: message.transferId, offset: 0, state: 'open' });
      continue;
    }
    received = Buffer.concat([received.subarray(0, message.offset), Buffer.from(message.data, 'base64')]);
    if (received.length === content.length) {
      bulk.onState({ kind: 'bulk-state', transferId: message.transferId, offset: received.length, state: 'complete' });
    }
  }
  return received;
};

describe('the bulk sender', () => {
  const transferOf = async () => {
    const path = join(folder, 'document');
    await writeFile(path, content);
    return {
      transferId: randomUUID(),
      taskId: randomUUID(),
      content: 'sbom',
      sizeBytes: content.length,
      sha256,
      path,
    } as const;
  };

  it('announces, waits for the offset, and sends the rest', async () => {
    const bulk = createBulkSender({ wake: () => {} });
    const transfer = await transferOf();
    const sent = bulk.send(transfer);
    expect(bulk.next()).toMatchObject({ kind: 'bulk-begin', sizeBytes: content.length, sha256 });
    expect(bulk.next()).toBeUndefined();
    bulk.onState({ kind: 'bulk-state', transferId: transfer.transferId, offset: content.length - 10, state: 'open' });
    const chunk = bulk.next() as BulkChunk;
    expect([chunk.offset, Buffer.from(chunk.data, 'base64')]).toEqual([content.length - 10, content.subarray(-10)]);
    bulk.onState({ kind: 'bulk-state', transferId: transfer.transferId, offset: content.length, state: 'complete' });
    await sent;
    expect(bulk.next()).toBeUndefined();
  });

  it('goes on after a break where the console stands', async () => {
    const bulk = createBulkSender({ wake: () => {} });
    const transfer = await transferOf();
    const sent = bulk.send(transfer);
    bulk.next();
    bulk.onState({ kind: 'bulk-state', transferId: transfer.transferId, offset: 0, state: 'open' });
    bulk.next();
    bulk.connected();
    expect((bulk.next() as BulkBegin).transferId).toBe(transfer.transferId);
    bulk.onState({ kind: 'bulk-state', transferId: transfer.transferId, offset: bulkLimits.chunkBytes, state: 'open' });
    expect(bulk.next()).toMatchObject({ kind: 'bulk-chunk', offset: bulkLimits.chunkBytes });
    bulk.onState({ kind: 'bulk-state', transferId: transfer.transferId, offset: content.length, state: 'complete' });
    await sent;
  });

  it('gives up when the document is gone', async () => {
    const bulk = createBulkSender({ wake: () => {} });
    const transfer = await transferOf();
    const sent = bulk.send(transfer);
    bulk.next();
    await rm(transfer.path);
    bulk.onState({ kind: 'bulk-state', transferId: transfer.transferId, offset: 0, state: 'open' });
    bulk.next();
    await expect(sent).rejects.toThrow(/could not be read back/);
  });
});

describe('the task desk', () => {
  let desk: TaskDesk;
  let bulk: BulkSender;
  let scans: number;
  afterEach(() => desk.stop());

  const open = async (scan: ScanRunner = writeDocument, resolves = true): Promise<void> => {
    scans = 0;
    bulk = createBulkSender({ wake: () => {} });
    desk = await createTaskDesk({
      documentDir: join(folder, 'documents'),
      journal: await openTaskJournal(createStateFile(folder, 'tasks.json', JournalFile), () => {}),
      bulk,
      scan: (job, options) => {
        scans += 1;
        return scan(job, options);
      },
      resolve: async () =>
        resolves
          ? ok({
              target: { kind: 'host', name: 'h' },
              source: { kind: 'folders', folders: ['/'] },
              release: async () => {},
            })
          : fail(problem('x', 'No such image.')),
      upgrade: (order, options) => upgrade(order, options),
      onHandOver: (record) => handedOver.push(record),
      clock: systemClock,
      log: silentLog,
      wake: () => {},
    });
  };
  let upgrade: PrepareUpgrade = async () => 'same';
  const handedOver: unknown[] = [];
  const upgradeOf = (deadline = Date.now() + 60_000): Upgrade => ({
    kind: 'upgrade',
    taskId: randomUUID(),
    deadline,
    archive: { version: '0.2.0', build: '0.2.0-abc', architecture: 'x64', sizeBytes: 1, sha256: 'a'.repeat(64) },
  });

  it('brings an upgrade to its hand-over and says no more then', async () => {
    await open();
    const record = { to: 'the new one' };
    upgrade = async (_order, { onStep }) => {
      onStep('download', 0);
      onStep('download', 0.001);
      onStep('download', 0.5);
      return record as never;
    };
    const order = upgradeOf();
    desk.onOrder(order);
    desk.onOrder(order);
    await expect.poll(() => handedOver, soon).toEqual([record]);
    expect(said()).toMatchObject([{ state: 'running', step: 'download', progress: 0.5 }]);
    const other = taskOf();
    desk.onOrder(other);
    expect(said()).toMatchObject([{ taskId: other.taskId, state: 'accepted' }]);
    expect(scans).toBe(0);
  });

  it.each<[string, PrepareUpgrade, Partial<TaskState>]>([
    ['the version runs already', async () => 'same', { state: 'done' }],
    [
      'it fails',
      () => Promise.reject(new UpgradeFailure('damaged', 'Broken.')),
      { state: 'failed', reason: 'damaged', message: 'Broken.' },
    ],
    [
      'the disk is full',
      () => Promise.reject(new Error('ENOSPC: no space left on device')),
      { state: 'failed', reason: 'no-space' },
    ],
  ])('says of an upgrade when %s, once and after a restart too', async (_case, outcome, state) => {
    await open();
    upgrade = outcome;
    const order = upgradeOf();
    desk.onOrder(order);
    await expect.poll(said, soon).toMatchObject([state]);
    await desk.stop();
    await open();
    upgrade = () => Promise.reject(new Error('done twice'));
    desk.connected();
    desk.onOrder(order);
    expect(said()).toMatchObject([state]);
  });

  it('ends an upgrade at its deadline, or when it is cancelled', async () => {
    await open();
    upgrade = (_order, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true }));
    desk.onOrder(upgradeOf(Date.now() + 20));
    await expect.poll(said, soon).toMatchObject([{ state: 'failed', reason: 'deadline' }]);
    const order = upgradeOf();
    desk.onOrder(order);
    await expect.poll(said, soon).toMatchObject([{ state: 'running' }]);
    desk.onOrder({ kind: 'task-cancel', taskId: order.taskId });
    await expect.poll(said, soon).toMatchObject([{ state: 'cancelled' }]);
  });

  const taskOf = (deadline = Date.now() + 60_000): Task => ({
    kind: 'task',
    taskId: randomUUID(),
    deadline,
    work: { kind: 'sbom', target: { kind: 'host' } },
  });
  const said = (): TaskState[] => {
    const states: TaskState[] = [];
    for (let state = desk.states.next(); state !== undefined; state = desk.states.next()) states.push(state);
    return states;
  };
  const untilSaid = async (state: TaskState['state']): Promise<TaskState> => {
    let found: TaskState | undefined;
    await expect
      .poll(() => {
        receiveAll(bulk);
        found = said().find((candidate) => candidate.state === state) ?? found;
        return found?.state;
      }, soon)
      .toBe(state);
    if (found === undefined) throw new Error('nothing was said');
    return found;
  };

  it('does a task, hands the document over, then says that it is done', async () => {
    await open();
    const task = taskOf();
    desk.onOrder(task);
    expect(said().map(({ state }) => state)).toEqual(['running']);
    const done = await untilSaid('done');
    expect(done).toMatchObject({ taskId: task.taskId, message: '3 packages', transferId: expect.any(String) });
    await expect.poll(() => readdir(join(folder, 'documents')), soon).toEqual([]);
  });

  it('does a task once however often it is delivered, also after a restart', async () => {
    await open();
    const task = taskOf();
    desk.onOrder(task);
    desk.onOrder(task);
    const done = await untilSaid('done');
    desk.onOrder(task);
    expect(said()).toEqual([done]);
    await desk.stop();
    await open();
    desk.onOrder(task);
    expect(said()).toEqual([done]);
    expect(scans).toBe(0);
  });

  it('says an end again on each connection until it is acknowledged', async () => {
    await open(async () => ({ kind: 'failed', message: 'no' }));
    const task = taskOf();
    desk.onOrder(task);
    await untilSaid('failed');
    desk.connected();
    expect(said()).toMatchObject([{ state: 'failed', message: 'no' }]);
    desk.onOrder({ kind: 'task-acked', taskId: task.taskId });
    await expect
      .poll(() => {
        desk.connected();
        return said();
      }, soon)
      .toEqual([]);
  });

  it('fails what cannot be found and what comes too late', async () => {
    await open(writeDocument, false);
    desk.onOrder(taskOf());
    expect(await untilSaid('failed')).toMatchObject({ message: 'No such image.' });
    await desk.stop();
    await open();
    desk.onOrder(taskOf(Date.now() - 1));
    expect(await untilSaid('failed')).toMatchObject({ message: expect.stringContaining('deadline') });
    expect(scans).toBe(0);
  });

  it('cancels what runs and what waits', async () => {
    const hanging: ScanRunner = (_job, { signal }) =>
      new Promise<ScanOutcome>((resolve) => {
        signal.addEventListener('abort', () => resolve({ kind: 'failed', message: 'stopped' }));
      });
    await open(hanging);
    const [first, second] = [taskOf(), taskOf()];
    desk.onOrder(first);
    desk.onOrder(second);
    await expect.poll(() => scans, soon).toBe(1);
    desk.onOrder({ kind: 'task-cancel', taskId: second.taskId });
    desk.onOrder({ kind: 'task-cancel', taskId: first.taskId });
    const ended = new Map<string, string>();
    await expect
      .poll(() => {
        for (const { taskId, state } of said()) ended.set(taskId, state);
        return [ended.get(first.taskId), ended.get(second.taskId)];
      }, soon)
      .toEqual(['cancelled', 'cancelled']);
    expect(scans).toBe(1);
  });

  it('says nothing of a task that a stop ends, so that it is done after the next start', async () => {
    const hanging: ScanRunner = (_job, { signal }) =>
      new Promise<ScanOutcome>((resolve) => {
        signal.addEventListener('abort', () => resolve({ kind: 'failed', message: 'stopped' }));
      });
    await open(hanging);
    const task = taskOf();
    desk.onOrder(task);
    await expect.poll(() => scans, soon).toBe(1);
    await desk.stop();
    await open();
    desk.connected();
    expect(said()).toEqual([]);
    desk.onOrder(task);
    await untilSaid('done');
  });

  it('removes documents that an earlier run left', async () => {
    await open();
    await writeFile(join(folder, 'documents', 'old.zst'), 'x');
    await desk.stop();
    await open();
    expect(existsSync(join(folder, 'documents', 'old.zst'))).toBe(false);
  });
});
