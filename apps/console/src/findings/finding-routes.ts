import type { Clock } from '@parapet/core';
import type { Database } from '../database/database.ts';
import type { RouteHandlers } from '../http/handler.ts';
import type { LiveFeed } from '../live/live-feed.ts';
import { acceptFindings, reopenFindings } from './acceptance.ts';
import type { AdvisoryContent } from './advisory-content.ts';
import { exportFindings } from './export-findings.ts';
import { readFacets } from './facets.ts';
import { readFindingDetail } from './finding-detail.ts';
import { groupFindings } from './group-findings.ts';
import type { FindingIndex } from './index/finding-index.ts';
import { listFindings } from './list-findings.ts';

export type FindingRouteDeps = {
  readonly db: Database;
  readonly content: AdvisoryContent;
  readonly clock: Clock;
  readonly live: LiveFeed;
  readonly index?: FindingIndex;
};

/** Routes of findings. Each passes the caller's scope on; none reads without it. */
export const createFindingRoutes = ({ db, content, clock, live, index }: FindingRouteDeps) =>
  ({
    'findings.list': ({ query, caller }) => listFindings(db, query, caller.scope, index),
    'findings.facets': ({ query, caller }) => readFacets(db, query, caller.scope, index),
    'findings.groups': ({ query, caller }) => groupFindings(db, query, caller.scope, index),
    'findings.get': ({ params, caller }) => readFindingDetail(db, content.current(), params.findingId, caller.scope),
    'findings.export': async ({ query, caller, signal }) => exportFindings(db, query, caller.scope, signal),
    'findings.accept': async ({ body, caller }) => {
      const at = new Date(clock.now());
      const { reason, until, ...selection } = body;
      const input = { selection, reason, until: new Date(until), by: caller.name, at };
      const outcome = await acceptFindings(db, input, caller.scope);
      live.publish({ kind: 'findings', opened: 0, closed: 0 });
      return outcome;
    },
    'findings.reopen': async ({ body, caller }) => {
      const at = new Date(clock.now());
      const { undo, ...selection } = body;
      const outcome = await reopenFindings(db, { selection, undo, by: caller.name, at }, caller.scope);
      live.publish({ kind: 'findings', opened: outcome.changed, closed: 0 });
      return outcome;
    },
  }) satisfies Partial<RouteHandlers>;
