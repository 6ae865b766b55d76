import { type RouteName, routes } from '@parapet/contract/api';
import { unavailable } from '@parapet/core';
import { createGraphRoutes } from '../graph/index.ts';
import type { RouteHandlers } from '../http/handler.ts';
import { type FeedAge, type IngestWatch, idleIngest } from '../self-watch/figures.ts';
import type { Platform } from './platform.ts';

/** What the features give: their routes, and their figures for the console's own health. */
export type Features = {
  readonly handlers: Partial<RouteHandlers>;
  readonly ingest: IngestWatch;
  readonly feedAge: FeedAge;
};

/** Builds every feature once. What they start is stopped by `stack`. */
export const createFeatures = async (platform: Platform): Promise<Features> => {
  const { db, clock, audit, live } = platform;
  return {
    handlers: { ...createGraphRoutes({ database: db, clock, audit, live }) },
    ingest: idleIngest,
    feedAge: { age: async () => ({ state: 'none' }) },
  };
};

/** Completes a set of handlers with ones that say that the part is missing. */
export const completeHandlers = (handlers: Partial<RouteHandlers>): RouteHandlers => {
  const missing = async (): Promise<never> => {
    throw unavailable('not-there', 'This part of the console is not there.');
  };
  const all = Object.fromEntries((Object.keys(routes) as RouteName[]).map((name) => [name, missing]));
  return { ...all, ...handlers } as unknown as RouteHandlers;
};
