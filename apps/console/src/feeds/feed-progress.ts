import type { FeedStatus } from '@parapet/contract/api';
import type { Clock } from '@parapet/core';
import type { Database } from '../database/database.ts';
import type { LiveFeed } from '../live/live-feed.ts';

type Update = NonNullable<FeedStatus['update']>;

/** Steps come by the hundred; people read one a second. */
const everyMs = 500;

/** Keeps how an update goes where every console, and the next start, can read it. */
export const createFeedProgress = (deps: { readonly db: Database; readonly clock: Clock; readonly live: LiveFeed }) => {
  const { db, clock, live } = deps;
  let startedAt = '';
  let toldAt = 0;
  let writing: Promise<void> = Promise.resolve();
  const now = (): string => new Date(clock.now()).toISOString();

  const write = (update: Update): Promise<void> => {
    writing = writing
      .catch(() => undefined)
      .then(async () => {
        await db
          .updateTable('feed_state')
          .set({ update_progress: JSON.stringify(update) })
          .execute();
        live.publish({ kind: 'feeds' });
      });
    return writing;
  };

  return {
    begin: () => {
      startedAt = now();
      return write({ state: 'running', step: 'Starting', progress: 0, startedAt });
    },
    step: (step: string, progress: number): void => {
      if (clock.now() - toldAt < everyMs) return;
      toldAt = clock.now();
      // A step that is not written is told by the next; the end is always awaited.
      void write({ state: 'running', step, progress: Math.min(1, Math.max(0, progress)), startedAt }).catch(
        () => undefined,
      );
    },
    done: () => write({ state: 'done', step: 'Done', progress: 1, startedAt, endedAt: now() }),
    fail: (error: string) => write({ state: 'failed', step: 'Failed', startedAt, endedAt: now(), error }),
    /** At start: what still says that it runs was ended by a crash. */
    interrupted: async (): Promise<void> => {
      const { update_progress: update } = await db
        .selectFrom('feed_state')
        .select('update_progress')
        .executeTakeFirstOrThrow();
      if (update?.state !== 'running') return;
      await write({
        ...update,
        state: 'failed',
        endedAt: now(),
        error: 'The console was stopped during the update; nothing changed.',
      });
    },
  };
};
