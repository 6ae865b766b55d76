import type { Overview } from '@parapet/contract/api';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { countCells, sumOf } from '../findings/count-cells.ts';
import { allOf, type CompiledFilter, compileFilter } from '../findings/filter.ts';
import { type Asked, askIndex } from '../findings/index/ask.ts';
import { countNews, type FindingNews } from '../findings/index/count-news.ts';
import type { FindingIndex } from '../findings/index/finding-index.ts';
import { type AskedScope, inScope } from '../people/scope.ts';

/** What the overview counts of findings and edges. */
export type FindingFigures = Pick<Overview['counts'], 'openFindings'> &
  Pick<Overview['newSince'], 'internetFacing' | 'findingsOpened' | 'findingsClosed'>;

/** How many findings are open, and what came and went since a time. */
export const readFindingFigures = async (
  db: Database,
  scope: AskedScope,
  since: Date,
  index?: FindingIndex,
): Promise<FindingFigures> => {
  const [open, all] = await Promise.all([compileFilter(db, { status: ['open'] }, scope), compileFilter(db, {}, scope)]);
  // Both are within one scope: what it lets through is asked once.
  const asking = askIndex(db, index, all);
  const [internetFacing, cells, findings] = await Promise.all([
    countInternetFacing(db, scope, since),
    asking.then((asked) => countCells(db, open, asked === undefined ? undefined : withFilter(asked, open))),
    asking.then((asked) => countNewFindings(db, all, asked, since)),
  ]);
  return {
    openFindings: sumOf(cells, open),
    internetFacing,
    findingsOpened: findings.opened,
    findingsClosed: findings.closed,
  };
};

const withFilter = ({ columns, question: { assets } }: Asked, { question }: CompiledFilter): Asked => ({
  columns,
  question: { ...question, assets },
});

/** Counted no further: "10,000 new" says all that a larger number would. */
const newsLimit = 10_000;

const countInternetFacing = async (db: Database, scope: AskedScope, since: Date): Promise<number> => {
  const { rows } = await sql<{ assets: number }>`
    select count(distinct target_asset)::int as assets from edges where source_node = 'internet' and first_seen_at > ${since}
      and ${inScope(scope, sql.ref('edges.target_asset'))}`.execute(db);
  return rows[0]?.assets ?? 0;
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
