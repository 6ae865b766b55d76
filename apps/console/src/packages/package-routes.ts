import type { Database } from '../database/database.ts';
import type { FeedState } from '../findings/unmatched.ts';
import type { RouteHandlers } from '../http/handler.ts';
import { findPlaces } from './find-places.ts';
import { findVersions } from './find-versions.ts';

/** Routes of packages over the whole fleet. */
export const createPackageRoutes = ({ db, content }: { readonly db: Database; readonly content: FeedState }) =>
  ({
    'packages.versions': ({ query, caller }) => findVersions(db, query, caller.scope),
    'packages.places': ({ query, caller }) => findPlaces({ db, content }, query, caller.scope),
  }) satisfies Partial<RouteHandlers>;
