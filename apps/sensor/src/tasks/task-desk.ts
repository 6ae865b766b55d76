import { randomUUID } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ConsoleMessage, Task, TaskState, Upgrade } from '@parapet/contract/wire';
import { type Clock, messageOf } from '@parapet/core';
import type { Log } from '../log.ts';
import { failureOf } from '../upgrade/failure.ts';
import type { PrepareUpgrade, UpgradeStep } from '../upgrade/prepare.ts';
import type { UpgradeRecord } from '../upgrade/record.ts';
import type { TaskPort } from '../uplink/uplink.ts';
import type { BulkSender } from './bulk-sender.ts';
import type { ScanRunner } from './scan-runner.ts';
import type { TargetResolver } from './scan-targets.ts';
import type { TaskJournal } from './task-journal.ts';

/** Takes tasks in, does them one after another, and tells how they ended until that is acknowledged. */
export type TaskDesk = TaskPort & {
  /** Ends what runs without a word about it, so that the console sends it again; resolves when all is on disk. */
  readonly stop: () => Promise<void>;
};

/** More than the console sends to one sensor; what is beyond is refused and the console asks again. */
const maxWaiting = 64;
/** How often an unacknowledged end is said again on the same connection. */
const sayAgainMs = 60_000;
/** An export under way may take longer to notice; its file is removed at the next start. */
const stopPatienceMs = 3000;
/** Progress is told in steps of this share. */
const progressStep = 0.02;
const lateText = 'It was not done before its deadline.';

export const createTaskDesk = async (deps: {
  readonly documentDir: string;
  readonly journal: TaskJournal;
  readonly bulk: BulkSender;
  readonly scan: ScanRunner;
  readonly resolve: TargetResolver;
  readonly upgrade: PrepareUpgrade;
  /** A new version is ready to be tried: this one is to stop. How it ends is told by the run after this one. */
  readonly onHandOver: (record: UpgradeRecord) => void;
  readonly clock: Clock;
  readonly log: Log;
  readonly wake: () => void;
}): Promise<TaskDesk> => {
  const { journal, bulk, clock, log } = deps;
  // Documents of an earlier run belong to tasks that the console will send again.
  await rm(deps.documentDir, { recursive: true, force: true });
  await mkdir(deps.documentDir, { recursive: true, mode: 0o700 });
  const waiting: (Task | Upgrade)[] = [];
  let stopping = false;
  let working: Promise<void> = Promise.resolve();
  const toSay = new Map<string, TaskState>();
  let current: { readonly task: Task | Upgrade; readonly cancel: AbortController; state: TaskState } | undefined;

  const say = (state: TaskState): void => {
    toSay.set(state.taskId, state);
    deps.wake();
  };
  const conclude = async (taskId: string, end: Omit<TaskState, 'kind' | 'taskId' | 'progress'>): Promise<void> => {
    const { state, message, reason, transferId } = end;
    if (stopping || state === 'accepted' || state === 'running') return;
    await journal.record({
      taskId,
      state,
      ...(message === undefined ? {} : { message: message.slice(0, 2048) }),
      ...(reason === undefined ? {} : { reason }),
      ...(transferId === undefined ? {} : { transferId }),
      acknowledged: false,
    });
    say({ kind: 'task-state', taskId, ...end });
  };

  const upgrade = async (order: Upgrade, signal: AbortSignal): Promise<void> => {
    const { taskId } = order;
    let told: { step: UpgradeStep; progress: number } | undefined;
    const onStep = (step: UpgradeStep, progress: number): void => {
      if (told?.step === step && progress - told.progress < progressStep) return;
      told = { step, progress };
      if (current === undefined) return;
      current.state = { kind: 'task-state', taskId, state: 'running', step, progress };
      say(current.state);
    };
    const late = AbortSignal.timeout(Math.max(0, order.deadline - clock.now()));
    try {
      const ready = await deps.upgrade(order, { signal: AbortSignal.any([signal, late]), onStep });
      if (ready === 'same') return await conclude(taskId, { state: 'done', message: 'This version runs already.' });
      stopping = true;
      deps.onHandOver(ready);
    } catch (error) {
      const { reason, message } = failureOf(error, 'disk');
      if (signal.aborted) await conclude(taskId, { state: 'cancelled' });
      else if (late.aborted) await conclude(taskId, { state: 'failed', reason: 'deadline', message: lateText });
      else await conclude(taskId, { state: 'failed', reason, message });
    }
  };

  const perform = async (task: Task, signal: AbortSignal): Promise<void> => {
    const { taskId } = task;
    const path = join(deps.documentDir, `${taskId}.zst`);
    let release = async (): Promise<void> => {};
    try {
      const resolved = await deps.resolve(task.work.target, join(deps.documentDir, `${taskId}.tar`));
      if (!resolved.ok) return await conclude(taskId, { state: 'failed', message: resolved.error.message });
      release = resolved.value.release;
      const { target, source } = resolved.value;
      const timeoutMs = task.deadline - clock.now();
      if (timeoutMs <= 0)
        return await conclude(taskId, { state: 'failed', message: 'The task’s deadline had passed.' });
      const outcome = await deps.scan({ target, source, outputPath: path }, { timeoutMs, signal });
      if (signal.aborted) return await conclude(taskId, { state: 'cancelled' });
      if (outcome.kind === 'failed') return await conclude(taskId, { state: 'failed', message: outcome.message });
      const { sizeBytes, sha256 } = outcome;
      const transferId = randomUUID();
      const late = AbortSignal.any([signal, AbortSignal.timeout(Math.max(0, task.deadline - clock.now()))]);
      late.addEventListener('abort', () => bulk.cancel(transferId), { once: true });
      await bulk.send({ transferId, taskId, content: 'sbom', sizeBytes, sha256, path });
      await conclude(taskId, { state: 'done', message: outcome.summary, transferId });
    } catch (error) {
      await conclude(taskId, signal.aborted ? { state: 'cancelled' } : { state: 'failed', message: messageOf(error) });
    } finally {
      await release();
      await rm(path, { force: true });
    }
  };

  const work = (): void => {
    if (current !== undefined) return;
    const task = stopping ? undefined : waiting.shift();
    if (task === undefined) return;
    const cancel = new AbortController();
    current = { task, cancel, state: { kind: 'task-state', taskId: task.taskId, state: 'running' } };
    say(current.state);
    log.info('task', {
      taskId: task.taskId,
      target: task.kind === 'task' ? task.work.target.kind : task.archive.build,
    });
    working = (task.kind === 'task' ? perform(task, cancel.signal) : upgrade(task, cancel.signal))
      .catch((error: unknown) => log.error('a task failed', { taskId: task.taskId, error: messageOf(error) }))
      .finally(() => {
        current = undefined;
        work();
      });
  };

  const accept = (task: Task | Upgrade) => {
    const { taskId } = task;
    const ended = journal.find(taskId);
    if (ended !== undefined) return say(stateOf(ended));
    if (current?.task.taskId === taskId) return say(current.state);
    if (waiting.some((other) => other.taskId === taskId)) return;
    // Not kept in the journal: the console may send it again when there is room.
    if (waiting.length >= maxWaiting) {
      return say({ kind: 'task-state', taskId, state: 'failed', message: 'Too many tasks wait on this sensor.' });
    }
    waiting.push(task);
    say({ kind: 'task-state', taskId, state: 'accepted' });
    work();
  };

  const cancel = async (taskId: string): Promise<void> => {
    if (current?.task.taskId === taskId) {
      current.cancel.abort();
      return;
    }
    const at = waiting.findIndex((task) => task.taskId === taskId);
    if (at === -1) return;
    waiting.splice(at, 1);
    await conclude(taskId, { state: 'cancelled' });
  };

  const onOrder = (message: ConsoleMessage['orders']): void => {
    switch (message.kind) {
      case 'task':
      case 'upgrade':
        accept(message);
        return;
      case 'task-cancel':
        void cancel(message.taskId);
        return;
      case 'task-acked':
        toSay.delete(message.taskId);
        void journal.acknowledge(message.taskId);
        return;
    }
  };

  const sayAgain = (): void => {
    for (const entry of journal.unacknowledged()) say(stateOf(entry));
  };
  const timer = setInterval(sayAgain, sayAgainMs);

  return {
    connected: () => {
      for (const task of waiting) say({ kind: 'task-state', taskId: task.taskId, state: 'accepted' });
      if (current !== undefined) say(current.state);
      sayAgain();
      bulk.connected();
    },
    onOrder,
    onBulk: bulk.onState,
    states: {
      next: () => {
        const state = toSay.values().next().value;
        if (state !== undefined) toSay.delete(state.taskId);
        return state;
      },
    },
    bulk,
    stop: async () => {
      stopping = true;
      clearInterval(timer);
      waiting.length = 0;
      current?.cancel.abort();
      await Promise.race([working, pause(stopPatienceMs)]);
      await journal.settled();
    },
  };
};

const stateOf = (entry: ReturnType<TaskJournal['unacknowledged']>[number]): TaskState => ({
  kind: 'task-state',
  taskId: entry.taskId,
  state: entry.state,
  ...(entry.message === undefined ? {} : { message: entry.message }),
  ...(entry.reason === undefined ? {} : { reason: entry.reason }),
  ...(entry.transferId === undefined ? {} : { transferId: entry.transferId }),
});

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms).unref();
  });
