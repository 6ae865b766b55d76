import type { Scope } from '@parapet/contract/api';
import type { Clock } from '@parapet/core';
import type { Database } from '../../database/database.ts';
import type { RouteHandlers } from '../../http/handler.ts';
import { type GraphIndexes, type GraphInMemory, openGraph } from '../graph-in-memory.ts';
import { type Moment, momentOf } from '../moment.ts';
import { createScopeFilter } from '../scope-filter.ts';
import { readChanges } from './changes.ts';
import { readEdgeDetail } from './edge-detail.ts';
import { readPaths } from './path.ts';
import { buildView } from './view.ts';
import { createViewCache } from './view-cache.ts';

export type MapRoutes = Pick<RouteHandlers, 'map.view' | 'map.edge' | 'map.path' | 'map.changes'>;

export type MapRouteDeps = {
  readonly database: Database;
  readonly clock: Clock;
  /** What is there now, in memory; without it the database is asked for each view. */
  readonly indexes?: GraphIndexes;
};

/** A live view is at most this old, a past one changes only by late reports. */
const liveKeepMs = 700;
const pastKeepMs = 30_000;

export const createMapRoutes = (deps: MapRouteDeps): MapRoutes => {
  const { database, clock, indexes } = deps;
  const cache = createViewCache(clock.now);
  const hold = (scope: Scope, moment: Moment): GraphInMemory | undefined =>
    indexes === undefined ? undefined : openGraph(database, indexes, scope, moment);
  return {
    'map.view': async ({ query, caller }) => {
      const moment = momentOf(query.at, clock.now());
      const { known, at, ...asked } = query;
      const key = JSON.stringify([caller.scope, asked, moment.live ? 'live' : moment.at.getTime()]);
      const view = await cache.get(key, moment.live ? liveKeepMs : pastKeepMs, () =>
        buildView(database, moment, createScopeFilter(caller.scope), asked, hold(caller.scope, moment)),
      );
      return known === view.version ? { ...view, nodes: [], edges: [], unchanged: true } : view;
    },
    'map.edge': ({ query, caller: { scope } }) => {
      const moment = momentOf(query.at, clock.now());
      return readEdgeDetail(database, moment, createScopeFilter(scope), query, hold(scope, moment));
    },
    'map.path': async ({ query, caller }) => ({
      paths: await readPaths(database, momentOf(query.at, clock.now()), createScopeFilter(caller.scope), query.assetId),
    }),
    'map.changes': ({ query, caller }) =>
      readChanges(database, caller.scope, {
        from: new Date(query.from),
        to: new Date(query.to),
        buckets: query.buckets,
      }),
  };
};
