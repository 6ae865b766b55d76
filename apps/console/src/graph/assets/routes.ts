import type { Clock } from '@parapet/core';
import type { AuditLog } from '../../audit/audit-log.ts';
import type { Database } from '../../database/database.ts';
import type { AdvisoryContent } from '../../findings/advisory-content.ts';
import type { RouteHandlers } from '../../http/handler.ts';
import type { LiveFeed } from '../../live/live-feed.ts';
import { momentOf } from '../moment.ts';
import { createScopeFilter } from '../scope-filter.ts';
import { readAsset, requireAsset } from './detail.ts';
import { readEdges } from './edges.ts';
import { readFacets } from './facets.ts';
import { writeLabels } from './label.ts';
import { readAssets } from './list.ts';
import { readProcesses } from './processes.ts';
import { readTimeline } from './timeline.ts';

export type AssetRoutes = Pick<
  RouteHandlers,
  | 'assets.list'
  | 'assets.facets'
  | 'assets.get'
  | 'assets.label'
  | 'assets.processes'
  | 'assets.edges'
  | 'assets.timeline'
>;

export type AssetRouteDeps = {
  readonly database: Database;
  readonly clock: Clock;
  readonly audit: AuditLog;
  readonly live: LiveFeed;
  /** Which advisories there are: without any, an asset without findings only looks clean. */
  readonly content?: Pick<AdvisoryContent, 'current'>;
};

export const createAssetRoutes = ({ database, clock, audit, live, content }: AssetRouteDeps): AssetRoutes => {
  const moment = (at?: string) => momentOf(at, clock.now());
  return {
    'assets.list': ({ query, caller }) =>
      readAssets(database, moment(query.at), createScopeFilter(caller.scope), query, content),
    'assets.facets': async ({ query, caller }) => ({
      facets: await readFacets(database, moment(), createScopeFilter(caller.scope), query),
    }),
    'assets.get': ({ params, caller }) =>
      readAsset(database, moment(), createScopeFilter(caller.scope), params.assetId, content),
    'assets.label': async ({ params, body, caller, address }) => {
      await writeLabels(database, createScopeFilter(caller.scope), params.assetId, body.labels);
      await audit.record({
        actor: { kind: caller.kind, name: caller.name },
        action: 'assets.label',
        target: params.assetId,
        outcome: 'succeeded',
        address,
        details: { labels: body.labels },
      });
      live.publish({ kind: 'assets', ids: [params.assetId] });
      return readAsset(database, moment(), createScopeFilter(null), params.assetId, content);
    },
    'assets.processes': async ({ params, query, caller }) => {
      const asset = await requireAsset(database, createScopeFilter(caller.scope), params.assetId);
      return readProcesses(database, moment(query.at), asset);
    },
    'assets.edges': async ({ params, query, caller }) => {
      const asset = await requireAsset(database, createScopeFilter(caller.scope), params.assetId);
      return readEdges(database, moment(query.at), caller.scope, asset, query.includeEnded);
    },
    'assets.timeline': async ({ params, query, caller }) => {
      const inScope = createScopeFilter(caller.scope);
      const asset = await requireAsset(database, inScope, params.assetId);
      return readTimeline(database, inScope, asset, query);
    },
  };
};
