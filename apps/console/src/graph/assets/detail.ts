import type { AssetDetail } from '@parapet/contract/api';
import type { Distribution } from '@parapet/contract/sbom';
import { notFound } from '@parapet/core';
import { endOfLifeOf } from '@parapet/sbom';
import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import type { FeedState } from '../../findings/unmatched.ts';
import type { Moment } from '../moment.ts';
import type { ScopeFilter } from '../scope-filter.ts';
import { type AssetRow, assetColumns, assetTables, presentAsset } from './asset-row.ts';
import { factsOf } from './facts.ts';

/** One asset with its facts. Throws AppError 404 for one that is not there or not in scope. */
export const readAsset = async (
  db: Database,
  moment: Moment,
  inScope: ScopeFilter,
  assetId: string,
  feeds?: FeedState,
): Promise<AssetDetail> => {
  const row = await readRow(db, moment, inScope, assetId);
  if (row === undefined) throw notFound('The asset');
  const scan = await readScan(db, inScope, assetId);
  return {
    ...present(row, feeds),
    ...(scan === undefined ? {} : { scan }),
  };
};

/** What an asset is and has, without how its packages were found. */
export type AssetFound = Omit<AssetDetail, 'scan'>;

/** The same of one asset; undefined for one that is not there or not in scope. */
export const findAsset = async (
  db: Database,
  moment: Moment,
  inScope: ScopeFilter,
  assetId: string,
): Promise<AssetFound | undefined> => {
  const row = await readRow(db, moment, inScope, assetId);
  return row === undefined ? undefined : present(row);
};

const readRow = async (
  db: Database,
  moment: Moment,
  inScope: ScopeFilter,
  assetId: string,
): Promise<Row | undefined> => {
  const { rows } = await sql<Row>`
    select ${assetColumns(moment)}, a.key, a.record, a.people_labels as "givenLabels", coalesce(own.package_count, 0) + coalesce(base.package_count, 0) as "packageCount",
      coalesce(own.distribution, base.distribution) as distribution, ${containerCount(inScope)} as "containerCount"
    from ${assetTables}
    left join asset_software own on own.asset_id = a.id
    left join asset_software base on base.asset_id = a.image_id and a.kind = 'container'
    where a.id = ${assetId}::uuid and ${inScope('a')}`.execute(db);
  return rows[0];
};

const present = (row: Row, feeds?: FeedState): AssetFound => ({
  ...presentAsset(row, feeds),
  givenLabels: row.givenLabels,
  facts: factsOf(row.kind, row.record),
  packageCount: row.packageCount,
  ...huntOf(row),
  containerCount: row.containerCount,
  ...(row.distribution === null ? {} : { distribution: describeDistribution(row.distribution) }),
});

/** What the routes below an asset need of it. Throws AppError 404 for one that is not there or not in scope. */
export const requireAsset = async (
  db: Database,
  inScope: ScopeFilter,
  assetId: string,
): Promise<Pick<AssetRow, 'id' | 'kind'>> => {
  const { rows } = await sql<Pick<AssetRow, 'id' | 'kind'>>`
    select a.id, a.kind from assets a where a.id = ${assetId}::uuid and ${inScope('a')}`.execute(db);
  const [row] = rows;
  if (row === undefined) throw notFound('The asset');
  return row;
};

/** Events name a container by its runtime's id, which its key ends with. */
const huntOf = ({ kind, id, key }: Pick<Row, 'kind' | 'id' | 'key'>): Pick<AssetDetail, 'hunt'> => {
  switch (kind) {
    case 'host':
      return { hunt: `host.id = ${id}` };
    case 'container':
      return { hunt: `container.id = ${JSON.stringify(key.slice(key.indexOf(':') + 1))}` };
    case 'image':
    case 'upload':
      return {};
  }
};

type Row = AssetRow & {
  readonly key: string;
  readonly givenLabels: Record<string, string>;
  readonly record: unknown;
  readonly packageCount: number;
  readonly distribution: Distribution | null;
  readonly containerCount: number;
};

/** Its name, with the warning that nothing on it is repaired any more: as of now, whenever it was scanned. */
const describeDistribution = (distribution: Distribution): string => {
  const end = endOfLifeOf(distribution, Date.now());
  return end === undefined ? distribution.name : `${distribution.name} (${end})`;
};

/** A question of its own for each kind: one for both would look at every container there is. */
const containerCount = (inScope: ScopeFilter) => {
  const count = (column: 'host_id' | 'image_id') => sql`(
  select count(*)::int from assets c
  where c.kind = 'container' and ${inScope('c')} and c.status in ('running', 'unknown') and ${sql.ref(`c.${column}`)} = a.id)`;
  return sql`case a.kind when 'host' then ${count('host_id')} when 'image' then ${count('image_id')} else 0 end`;
};

type ScanRow = {
  readonly state: 'waiting' | 'sent' | 'running' | 'done' | 'partial' | 'failed' | 'cancelled' | 'expired';
  readonly at: Date;
  readonly message: string | null;
  readonly reporter: string | null;
};

/** The last scan. A host out of scope may have done it, for an image that others hold too; it is not named then. */
const readScan = async (db: Database, inScope: ScopeFilter, assetId: string): Promise<AssetDetail['scan']> => {
  const { rows } = await sql<ScanRow>`
    select c.state, coalesce(c.ended_at, c.started_at, c.created_at) as at, c.message, h.name as reporter
    from scans c left join assets h on h.id = c.host_id and ${inScope('h')} where c.asset_id = ${assetId}::uuid order by c.created_at desc limit 1`.execute(
    db,
  );
  const [row] = rows;
  if (row === undefined) return readUpload(db, assetId);
  return {
    state: shownStates[row.state],
    at: row.at.toISOString(),
    ...(row.message === null ? {} : { message: row.message }),
    ...(row.reporter === null ? {} : { reporter: row.reporter }),
  };
};

/** Of what no sensor scanned: who uploaded the packages that are shown. */
const readUpload = async (db: Database, assetId: string): Promise<AssetDetail['scan']> => {
  const row = await db
    .selectFrom('sboms')
    .select(['status', 'received_at', 'reporter_name'])
    .where('asset_id', '=', assetId)
    .where('current', '=', true)
    .where('reporter_name', 'is not', null)
    .executeTakeFirst();
  if (row === undefined) return undefined;
  return {
    state: row.status === 'partial' ? 'partial' : 'done',
    at: row.received_at.toISOString(),
    message: 'Uploaded; no sensor has confirmed these packages',
    ...(row.reporter_name === null ? {} : { reporter: row.reporter_name }),
  };
};

const shownStates = {
  waiting: 'waiting',
  sent: 'waiting',
  running: 'running',
  done: 'done',
  partial: 'partial',
  failed: 'failed',
  cancelled: 'failed',
  expired: 'failed',
} as const;
