import type { LiveEvent, Scope } from '@parapet/contract/api';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { inScope } from '../people/scope.ts';
import type { LiveStreamOptions } from './live-feed.ts';

/** Lets a scoped caller know only of what it may see. Without a scope everything passes untouched. */
export const createNarrow = (db: Database, scope: Scope): LiveStreamOptions['narrow'] =>
  scope === null ? (event) => event : (event) => narrowTo(db, scope, event);

const narrowTo = (
  db: Database,
  scope: Scope,
  event: LiveEvent,
): LiveEvent | undefined | Promise<LiveEvent | undefined> => {
  switch (event.kind) {
    case 'assets':
      return visibleIds(db, scope, event.ids).then((ids) => (ids.length === 0 ? undefined : { kind: 'assets', ids }));
    case 'map':
    case 'sensors':
      return event.hostId === undefined ? event : passIfVisible(db, scope, event.hostId, event);
    case 'findings':
      // A sum over assets tells of those out of sight; that something changed is all it may say.
      return event.assetId === undefined
        ? { kind: 'findings', opened: 0, closed: 0 }
        : passIfVisible(db, scope, event.assetId, event);
    case 'scans':
      return scanIsVisible(db, scope, event.scanId).then((visible) => (visible ? event : undefined));
    case 'reset':
    case 'feeds':
    case 'trust':
      return event;
  }
};

const passIfVisible = async (
  db: Database,
  scope: Scope,
  assetId: string,
  event: LiveEvent,
): Promise<LiveEvent | undefined> => ((await visibleIds(db, scope, [assetId])).length === 1 ? event : undefined);

const visibleIds = async (db: Database, scope: Scope, ids: readonly string[]): Promise<string[]> => {
  const rows = await db
    .selectFrom('assets')
    .select('id')
    .where('id', 'in', [...ids])
    .where(inScope(scope, sql.ref('assets.id')))
    .execute();
  return rows.map(({ id }) => id);
};

const scanIsVisible = async (db: Database, scope: Scope, scanId: string): Promise<boolean> => {
  const row = await db
    .selectFrom('scans')
    .select('id')
    .where('id', '=', scanId)
    .where(inScope(scope, sql.ref('scans.asset_id')))
    .executeTakeFirst();
  return row !== undefined;
};
