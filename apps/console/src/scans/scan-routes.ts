import { type Clock, conflict, notFound } from '@parapet/core';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { RouteHandlers } from '../http/handler.ts';
import type { LiveFeed } from '../live/live-feed.ts';
import type { TaskDispatcher } from '../tasks/task-dispatcher.ts';
import { requestScans } from './request-scans.ts';
import { listScans, readScans } from './scan-rows.ts';

export type ScanRouteDeps = {
  readonly db: Database;
  readonly clock: Clock;
  readonly dispatcher: Pick<TaskDispatcher, 'cancel'>;
  readonly live: LiveFeed;
  /** Looks at due scans soon. */
  readonly wake: () => void;
};

/** Routes of scans. */
export const createScanRoutes = ({ db, clock, dispatcher, live, wake }: ScanRouteDeps) =>
  ({
    'scans.list': ({ query, caller }) => listScans(db, query, caller.scope),
    'scans.create': async ({ body, caller }) => {
      const request = { ...body, by: caller.name, at: new Date(clock.now()) };
      const { scanIds, skipped } = await requestScans(db, request, caller.scope);
      wake();
      for (const scanId of scanIds) live.publish({ kind: 'scans', scanId });
      return { scans: await readScans(db, scanIds, caller.scope), skipped };
    },
    'scans.cancel': async ({ params, caller }) => {
      const [scan] = await readScans(db, [params.scanId], caller.scope);
      if (scan === undefined) throw notFound('This scan');
      const { rows } = await sql<{ host_id: string }>`
        update scans set state = 'cancelled', ended_at = ${new Date(clock.now())}, message = ${`Cancelled by ${caller.name}`}
        where id = ${params.scanId} and state in ('waiting', 'sent', 'running') returning host_id`.execute(db);
      const host = rows[0]?.host_id;
      if (host === undefined) throw conflict('over', 'This scan is over already.');
      dispatcher.cancel(host, params.scanId);
      live.publish({ kind: 'scans', scanId: params.scanId });
      const [cancelled] = await readScans(db, [params.scanId], caller.scope);
      return cancelled ?? scan;
    },
  }) satisfies Partial<RouteHandlers>;
