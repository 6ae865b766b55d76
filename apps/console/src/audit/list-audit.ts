import type { AuditEntry, ParsedOf, ResultOf } from '@parapet/contract/api';
import { badRequest } from '@parapet/core';
import { type Selectable, sql } from 'kysely';
import { countLimit, countUpTo } from '../database/count.ts';
import type { Database } from '../database/database.ts';
import type { AuditLogTable } from '../database/tables/people.ts';

/** A page of the audit log, newest first; `after` is the id of the last entry of the page before. */
export const listAudit = async (
  db: Database,
  query: ParsedOf<'audit.list'>['query'],
): Promise<ResultOf<'audit.list'>> => {
  const matching = db
    .selectFrom('audit_log')
    .$if(query.outcome !== undefined, (q) => q.where('outcome', '=', query.outcome ?? 'succeeded'))
    .$if(query.since !== undefined, (q) => q.where('at', '>=', new Date(query.since ?? 0)))
    .$if(query.until !== undefined, (q) => q.where('at', '<', new Date(query.until ?? 0)))
    .$if(query.q !== undefined, (q) => q.where(mentions(query.q ?? '')));
  const after = query.after === undefined ? undefined : readCursor(query.after);
  const rows = await matching
    .$if(after !== undefined, (q) => q.where('id', '<', after ?? 0))
    .selectAll()
    .orderBy('id', 'desc')
    .limit(query.limit + 1)
    .execute();
  const items = rows.slice(0, query.limit).map(present);
  const last = items.at(-1);
  return {
    items,
    ...(rows.length > query.limit && last !== undefined ? { next: last.id } : {}),
    ...(await countUpTo(db, matching, query.q === undefined ? countLimit : textCountLimit)),
  };
};

/** A text is compared entry by entry: counting ten thousand hits of a common word takes a third of a second. */
const textCountLimit = 1_000;

/** The text of an entry is the expression of its trigram index, see migration 0010. */
const mentions = (text: string) => {
  const pattern = `%${text.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`;
  return sql<boolean>`lower(actor_name || ' ' || action || ' ' || coalesce(target, '') || ' ' || coalesce(address, '')) like ${pattern}`;
};

const readCursor = (after: string): number => {
  const id = Number(after);
  if (!Number.isSafeInteger(id) || id < 0) throw badRequest('wrong-cursor', 'This page mark is not one of ours.');
  return id;
};

const present = (row: Selectable<AuditLogTable>): AuditEntry => ({
  id: String(row.id),
  at: row.at.toISOString(),
  actor: { kind: row.actor_kind, name: row.actor_name },
  action: row.action,
  outcome: row.outcome,
  ...(row.target === null ? {} : { target: row.target }),
  ...(row.address === null ? {} : { address: row.address }),
  details: row.details,
});
