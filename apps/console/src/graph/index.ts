import type { RouteHandlers } from '../http/handler.ts';
import { type AssetRouteDeps, type AssetRoutes, createAssetRoutes } from './assets/routes.ts';
import { createMapRoutes, type MapRouteDeps, type MapRoutes } from './map/routes.ts';
import { createSearchRoute, type SearchRouteDeps } from './search.ts';

export type GraphRouteDeps = AssetRouteDeps & MapRouteDeps & SearchRouteDeps;
export type GraphRoutes = AssetRoutes & MapRoutes & Pick<RouteHandlers, 'search.all'>;

/** The routes that read the graph: assets, the map and search, now or at a past moment, within the caller's scope. */
export const createGraphRoutes = (deps: GraphRouteDeps): GraphRoutes => ({
  ...createAssetRoutes(deps),
  ...createMapRoutes(deps),
  ...createSearchRoute(deps),
});
