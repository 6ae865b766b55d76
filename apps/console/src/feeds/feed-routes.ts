import { badRequest, type Clock } from '@parapet/core';
import type { Database } from '../database/database.ts';
import type { RouteHandlers } from '../http/handler.ts';
import type { LiveFeed } from '../live/live-feed.ts';
import type { FeedService } from './feed-service.ts';

export type FeedRouteDeps = {
  readonly db: Database;
  readonly clock: Clock;
  readonly live: LiveFeed;
  readonly service: FeedService;
  /** Starts an update in the background; false when one waits or runs already. */
  readonly startUpdate: () => Promise<boolean>;
};

/** Routes of feeds. */
export const createFeedRoutes = ({ db, clock, live, service, startUpdate }: FeedRouteDeps) =>
  ({
    'feeds.status': () => service.status(),
    'feeds.update': async () => {
      await startUpdate();
      return service.status();
    },
    'feeds.import': async ({ bodyStream }) => {
      if (bodyStream === undefined) throw badRequest('no-bundle', 'Send the bundle as the body of the request.');
      return service.importStream(bodyStream);
    },
    'feeds.rollback': ({ body }) => service.rollback(body.version),
    'feeds.schedule': async ({ body }) => {
      await db
        .updateTable('feed_state')
        .set({
          schedule_enabled: body.enabled,
          every_hours: body.everyHours,
          schedule_by_person: true,
          next_at: new Date(clock.now() + body.everyHours * 3_600_000),
        })
        .execute();
      live.publish({ kind: 'feeds' });
      return service.status();
    },
  }) satisfies Partial<RouteHandlers>;
