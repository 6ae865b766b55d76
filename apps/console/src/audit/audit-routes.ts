import type { Database } from '../database/database.ts';
import type { RouteHandlers } from '../http/handler.ts';
import { listAudit } from './list-audit.ts';

export const createAuditRoutes = (deps: { readonly db: Database }): Pick<RouteHandlers, 'audit.list'> => ({
  'audit.list': ({ query }) => listAudit(deps.db, query),
});
