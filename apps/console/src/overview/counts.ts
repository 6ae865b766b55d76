import type { Overview, Scope } from '@parapet/contract/api';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { countCells, sumOf } from '../findings/count-cells.ts';
import { allOf, type CompiledFilter, compileFilter } from '../findings/filter.ts';
import { type Asked, askIndex } from '../findings/index/ask.ts';
import { countNews, type FindingNews } from '../findings/index/count-news.ts';
import type { FindingIndex } from '../findings/index/finding-index.ts';
import { inScope } from '../people/scope.ts';

/** How many assets and open findings there are. */
export const readCounts = async (db: Database, scope: Scope, index?: FindingIndex): Promise<Overview['counts']> => {
  const filter = await compileFilter(db, { status: ['open'] }, scope);
  const [assets, cells] = await Promise.all([
    countAssets(db, scope),
    askIndex(db, index, filter).then((asked) => countCells(db, filter, asked)),
  ]);
  return { ...assets, openFindings: sumOf(cells, filter) };
};

const countAssets = async (db: Database, scope: Scope): Promise<Omit<Overview['counts'], 'openFindings'>> => {
  const { rows } = await sql<Omit<Overview['counts'], 'openFindings'>>`
    select count(*) filter (where kind = 'host')::int as hosts,
      count(*) filter (where kind = 'container' and status = 'running')::int as containers,
      count(*) filter (where kind = 'image')::int as images
    from assets where status <> 'gone' and ${inScope(scope, sql.ref('assets.id'))}`.execute(db);
  return rows[0] ?? { hosts: 0, containers: 0, images: 0 };
};

/** Counted no further: "10,000 new" says all that a larger number would. */
const newsLimit = 10_000;

/** What came and went since a time. */
export const readNews = async (
  db: Database,
  scope: Scope,
  since: Date,
  index?: FindingIndex,
): Promise<Overview['newSince']> => {
  const filter = await compileFilter(db, {}, scope);
  const [assets, findings] = await Promise.all([
    countNewAssets(db, scope, since),
    askIndex(db, index, filter).then((asked) => countNewFindings(db, filter, asked, since)),
  ]);
  return { since: since.toISOString(), ...assets, findingsOpened: findings.opened, findingsClosed: findings.closed };
};

type NewAssets = Pick<Overview['newSince'], 'containers' | 'hosts' | 'internetFacing'>;

const countNewAssets = async (db: Database, scope: Scope, since: Date): Promise<NewAssets> => {
  const { rows } = await sql<NewAssets>`
    select count(*) filter (where kind = 'container')::int as containers, count(*) filter (where kind = 'host')::int as hosts,
      (select count(distinct target_asset) from edges where source_node = 'internet' and first_seen_at > ${since}
        and ${inScope(scope, sql.ref('edges.target_asset'))})::int as "internetFacing"
    from assets where first_seen_at > ${since} and ${inScope(scope, sql.ref('assets.id'))}`.execute(db);
  return rows[0] ?? { containers: 0, hosts: 0, internetFacing: 0 };
};

/** A month's findings lie on tens of thousands of the database's pages; memory counts a million in a few milliseconds. */
const countNewFindings = async (
  db: Database,
  filter: CompiledFilter,
  asked: Asked | undefined,
  since: Date,
): Promise<FindingNews> => {
  if (asked !== undefined) return countNews(asked, since.getTime(), newsLimit);
  const counted = (column: 'first_seen_at' | 'closed_at') => sql`(select count(*) from (
    select 1 from (select asset_id from findings where ${sql.ref(column)} > ${since} offset 0) as f
    where ${allOf(filter.assets)} limit ${newsLimit}) as counted)::int`;
  const { rows } = await sql<FindingNews>`
    select ${counted('first_seen_at')} as opened, ${counted('closed_at')} as closed`.execute(db);
  return rows[0] ?? { opened: 0, closed: 0 };
};
