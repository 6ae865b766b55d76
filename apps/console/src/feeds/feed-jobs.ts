import { AppError, type Clock, messageOf } from '@parapet/core';
import { z } from 'zod';
import type { Database } from '../database/database.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Log } from '../logging/log.ts';
import { type WriteGate, whileOpen } from '../self-watch/write-gate.ts';
import type { FeedService } from './feed-service.ts';
import { type RematchDeps, rematchAll } from './rematch.ts';

const updateQueue = 'feeds-update';
const tickQueue = 'feeds-tick';
const rebuildQueue = 'feeds-rebuild';
const rematchQueue = 'findings-rematch';
const Nothing = z.object({});

export const enqueueRematch = async (jobs: Jobs): Promise<void> => {
  await jobs.enqueue(rematchQueue, {});
};

/** Returns false when an update waits or runs already. */
export const enqueueUpdate = (jobs: Jobs): Promise<boolean> => jobs.enqueue(updateQueue, {});

/** For a version whose file this program cannot read; matching waits for it. */
export const enqueueRebuild = (jobs: Jobs): Promise<boolean> => jobs.enqueue(rebuildQueue, {});

/** Declares the work of feeds: updates asked for or due, and matching after a new version. Call before the jobs start. */
export const registerFeedJobs = (deps: {
  readonly jobs: Jobs;
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly gate: WriteGate;
  readonly service: () => FeedService;
  readonly rematch: RematchDeps;
}): void => {
  const { jobs, db, clock, log, gate, service } = deps;
  jobs.register(updateQueue, (_data, { signal }) => update(db, clock, log, service(), signal), {
    schema: Nothing,
    policy: 'one-at-all',
    retryLimit: 0,
    timeoutSeconds: 2400,
  });
  jobs.register(
    rebuildQueue,
    (_data, { signal }) => whileOpen(gate, 'folder', () => rebuild(log, service(), signal))(),
    {
      schema: Nothing,
      policy: 'one-at-all',
      retryLimit: 0,
      timeoutSeconds: 2400,
    },
  );
  jobs.register(
    rematchQueue,
    (_data, { signal }) => whileOpen(gate, 'database', () => rematchAll(deps.rematch, signal))(),
    {
      schema: Nothing,
      policy: 'one-waiting',
      timeoutSeconds: 6 * 3600,
    },
  );
  jobs.register(
    tickQueue,
    whileOpen(gate, 'folder', async () => {
      if (await isDue(db, clock)) await enqueueUpdate(jobs);
    }),
    { schema: Nothing, policy: 'one-at-all', retryLimit: 0 },
  );
  jobs.schedule(tickQueue, '*/10 * * * *', {});
};

/** What cannot be built anew is told in the status, with what a person can do. */
const rebuild = async (log: Log, service: FeedService, signal: AbortSignal): Promise<void> => {
  try {
    await service.rebuild(signal);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    log.warn({ error: messageOf(error) }, 'the advisory database was not built anew');
  }
};

const isDue = async (db: Database, clock: Clock): Promise<boolean> => {
  const state = await db.selectFrom('feed_state').selectAll().executeTakeFirstOrThrow();
  return state.schedule_enabled && (state.next_at === null || state.next_at.getTime() <= clock.now());
};

/**
 * One update, and when the next is due. The first success turns the schedule on, unless a person decided otherwise: a
 * console that never reached the publishers does not try without end. A failure is told in the status, not retried at once.
 */
const update = async (
  db: Database,
  clock: Clock,
  log: Log,
  service: FeedService,
  signal: AbortSignal,
): Promise<void> => {
  let succeeded = true;
  try {
    await service.update(signal);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    succeeded = false;
    log.warn({ error: messageOf(error) }, 'feeds were not updated');
  }
  const state = await db.selectFrom('feed_state').selectAll().executeTakeFirstOrThrow();
  await db
    .updateTable('feed_state')
    .set({
      next_at: new Date(clock.now() + state.every_hours * 3_600_000),
      schedule_enabled: state.schedule_enabled || (succeeded && !state.schedule_by_person),
    })
    .execute();
};
