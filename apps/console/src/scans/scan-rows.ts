import type { Page, Scan, Scope } from '@parapet/contract/api';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { decodeCursor, encodeCursor } from '../findings/cursor.ts';
import { scopeOnce } from '../people/scope.ts';

type Row = {
  readonly id: string;
  readonly asset_id: string;
  readonly asset_kind: Scan['asset']['kind'];
  readonly asset_name: string;
  readonly host_id: string;
  readonly host_name: string | null;
  readonly cause: Scan['cause'];
  readonly requested_by: string | null;
  readonly state: Scan['state'];
  readonly progress: number | null;
  readonly message: string | null;
  readonly packages: number | null;
  readonly findings: number | null;
  readonly created_at: Date;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
  readonly deadline: Date;
};

/** Scans newest first; of an image only those whose host the scope shows are named with it. */
export const listScans = async (
  db: Database,
  query: {
    readonly after?: string | undefined;
    readonly limit: number;
    readonly state?: readonly Scan['state'][] | undefined;
    readonly assetId?: string | undefined;
  },
  scope: Scope,
): Promise<Page<Scan>> => {
  const after = decodeCursor('scans', query.after);
  const visible = scopeOnce(scope);
  const conditions = [
    visible.has(sql.ref('s.asset_id')),
    query.state === undefined ? sql<SqlBool>`true` : sql<SqlBool>`s.state = any(${query.state}::text[])`,
    query.assetId === undefined ? sql<SqlBool>`true` : sql<SqlBool>`s.asset_id = ${query.assetId}`,
  ];
  const where = sql`${sql.join(conditions, sql` and `)}`;
  const from =
    after === undefined ? sql`true` : sql`(s.created_at, s.id) < (${new Date(after.value)}, ${after.id}::uuid)`;
  const [rows, total] = await Promise.all([
    readRows(db, sql`${where} and ${from} order by s.created_at desc, s.id desc limit ${query.limit + 1}`, visible),
    sql<{
      total: number;
    }>`with ${visible.table} select count(*) as total from (select 1 from scans as s where ${where} limit 10001) as counted`.execute(
      db,
    ),
  ]);
  const shown = rows.slice(0, query.limit);
  const last = rows.length > query.limit ? shown.at(-1) : undefined;
  const count = total.rows[0]?.total ?? 0;
  return {
    items: shown.map(presentScan),
    next: last === undefined ? undefined : encodeCursor('scans', last.created_at.getTime(), last.id),
    total: Math.min(count, 10_000),
    totalIsMinimum: count > 10_000,
  };
};

/** Scans by their ids, in no order, as far as the scope reaches. */
export const readScans = async (db: Database, ids: readonly string[], scope: Scope): Promise<Scan[]> => {
  const visible = scopeOnce(scope);
  const where = sql`s.id = any(${ids}::uuid[]) and ${visible.has(sql.ref('s.asset_id'))}`;
  return (await readRows(db, where, visible)).map(presentScan);
};

const readRows = async (
  db: Database,
  where: RawBuilder<unknown>,
  { table, has }: ReturnType<typeof scopeOnce>,
): Promise<readonly Row[]> => {
  const { rows } = await sql<Row>`
    with ${table}
    select s.*, a.kind as asset_kind, a.name as asset_name, host.name as host_name
    from scans as s join assets as a on a.id = s.asset_id
    left join assets as host on host.id = s.host_id and ${has(sql.ref('host.id'))}
    where ${where}`.execute(db);
  return rows;
};

const presentScan = (row: Row): Scan => ({
  id: row.id,
  asset: { id: row.asset_id, kind: row.asset_kind, name: row.asset_name },
  host: row.host_name === null ? { name: 'a host outside your scope' } : { id: row.host_id, name: row.host_name },
  cause: row.cause,
  requestedBy: row.requested_by ?? undefined,
  state: row.state,
  progress: row.progress ?? undefined,
  message: row.message ?? undefined,
  packages: row.packages ?? undefined,
  findings: row.findings ?? undefined,
  createdAt: row.created_at.toISOString(),
  startedAt: row.started_at?.toISOString(),
  endedAt: row.ended_at?.toISOString(),
  deadline: row.deadline.toISOString(),
});
