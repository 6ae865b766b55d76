import type { RouteHandlers } from '../http/handler.ts';
import { createLinkRoutes, type LinkRouteDeps } from './link-routes.ts';
import { createSessionRoutes } from './session-routes.ts';
import { createTokenRoutes } from './token-routes.ts';
import type { Tokens } from './tokens.ts';
import { createUserRoutes } from './user-routes.ts';

/** All routes about people: setup, links, sessions, users and tokens. */
export const createPeopleRoutes = (deps: LinkRouteDeps & { readonly tokens: Tokens }) =>
  ({
    ...createLinkRoutes(deps),
    ...createSessionRoutes(deps),
    ...createUserRoutes(deps),
    ...createTokenRoutes(deps),
  }) satisfies Partial<RouteHandlers>;
