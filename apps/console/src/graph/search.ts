import type { ResultOf, Scope } from '@parapet/contract/api';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { FindingIndex } from '../findings/index/finding-index.ts';
import { type RankedVulnerability, rankVulnerabilities } from '../findings/rank-vulnerabilities.ts';
import type { RouteHandlers } from '../http/handler.ts';
import { isIndexed, type LiveAssets, liveAssets, meantNames } from '../packages/find-versions.ts';
import { likeLiteral } from './assets/list.ts';
import { createScopeFilter, type ScopeFilter } from './scope-filter.ts';

type Items = ResultOf<'search.all'>['items'];
type Item = Items[number];

export type SearchRouteDeps = {
  readonly database: Database;
  /** Within a scope vulnerabilities are ranked by what it has of them; the catalogue's roll-up ranks them for all. */
  readonly findingIndex?: FindingIndex;
};

export const createSearchRoute = (deps: SearchRouteDeps): Pick<RouteHandlers, 'search.all'> => ({
  'search.all': async ({ query, caller }) => ({
    items: await search(deps, caller.scope, query.q.trim(), query.limit),
  }),
});

/**
 * Names that hold the text, whatever their case. What begins with it comes first, assets before what is on them. Trigram
 * indexes (migration 0004) answer from three letters on; shorter texts look at beginnings only.
 */
const search = async (deps: SearchRouteDeps, scope: Scope, text: string, limit: number): Promise<Items> => {
  const { database: db, findingIndex } = deps;
  if (text === '') return [];
  const inScope = createScopeFilter(scope);
  const pattern = text.length < 3 ? `${likeLiteral(text)}%` : `%${likeLiteral(text)}%`;
  const vulnerabilities =
    scope === null ? catalogued : ranked(await rankVulnerabilities(db, { pattern, scope, limit }, findingIndex));
  const live = liveAssets(scope);
  const kinds = [assets, vulnerabilities, packagesIn(live), processes].map((kind) => kind(inScope, pattern, limit));
  const { rows } = await sql<Row>`
    with ${live.table}, ${meantNames({ q: text, match: 'contains' }, live)}
    select * from (${sql.join(kinds, sql` union all `)}) found
    order by (title ilike ${`${likeLiteral(text)}%`}) desc, place, risk desc nulls last, length(title), title, id limit ${limit}`.execute(
    db,
  );
  return rows.map(({ risk, place: _, ...item }) => (risk === null ? item : { ...item, risk }));
};

type Row = Omit<Item, 'risk'> & { readonly risk: number | null; readonly place: number };
type Kind = (inScope: ScopeFilter, pattern: string, limit: number) => RawBuilder<unknown>;

const assets: Kind = (inScope, pattern, limit) => sql`(
  select case a.kind when 'host' then 0 when 'container' then 1 else 2 end as place, a.kind, a.id::text as id, a.name as title,
    case a.kind when 'host' then 'host' || coalesce(' in ' || nullif(a.zone, ''), '')
      when 'container' then coalesce(a.record ->> 'imageName', 'container') || coalesce(' on ' || h.name, '') when 'upload' then 'uploaded scan' else 'image' end as detail, a.risk
  from assets a left join assets h on h.id = a.host_id
  where a.name ilike ${pattern} and a.status <> 'gone' and ${inScope('a')}
  order by a.risk desc nulls last, a.id limit ${limit})`;

/** The catalogue, ranked by its roll-up. */
const catalogued: Kind = (_inScope, pattern, limit) => sql`(
  select 3 as place, 'vulnerability' as kind, v.key as id, v.key as title, left(v.summary, 160) as detail, seen.risk
  from vulnerabilities v
  join (
    select group_id, max(risk_max) as risk from finding_group_totals
    where grouping = 'vulnerability' and status in (0, 1) and findings > 0 group by group_id
  ) seen on seen.group_id = v.id
  where v.search like lower(${pattern}) order by seen.risk desc, v.id limit ${limit})`;

/** Those that a scope has; the risk shown is that within it. */
const ranked =
  (found: readonly RankedVulnerability[]): Kind =>
  () =>
    sql`(
  select 3 as place, 'vulnerability' as kind, v.key as id, v.key as title, left(v.summary, 160) as detail, seen.risk
  from unnest(${found.map(({ id }) => id)}::bigint[], ${found.map(({ risk }) => risk)}::real[]) as seen (id, risk)
  join vulnerabilities v on v.id = seen.id)`;

/** The first of `meant`, counted exactly: the index over names answers without reading rows. */
const packagesIn =
  (live: LiveAssets): Kind =>
  (_inScope, _pattern, limit) =>
    sql`(
  select 4 as place, 'package' as kind, meant.name as id, meant.name as title,
    meant.type || ' ' || held.version || ' on ' || held.assets || case when held.assets = 1 then ' asset' else ' assets' end as detail, null::real as risk
  from (select type, name from meant order by rank limit ${limit}) as meant cross join lateral (
    select max(p.version) as version, count(distinct p.asset_id) as assets from asset_packages as p
    where p.name = meant.name and p.type = meant.type and ${isIndexed} and ${live.has('p.asset_id')}
  ) as held where held.assets > 0)`;

/** The newest of some that match: a letter begins the names of half of all processes. */
const processes: Kind = (inScope, pattern, limit) => sql`(
  select 5 as place, 'process' as kind, coalesce(p.container_id, p.host_id)::text as id, p.name as title,
    'pid ' || p.pid || ' on ' || a.name as detail, null::real as risk
  from (
    select p.container_id, p.host_id, p.name, p.pid, p.started_at from processes p join assets a on a.id = coalesce(p.container_id, p.host_id)
    where p.ended_at is null and p.name ilike ${pattern} and ${inScope('a')} limit ${pattern.length < 4 ? processesOfLetters : processesLookedAt}
  ) p join assets a on a.id = coalesce(p.container_id, p.host_id)
  order by p.started_at desc limit ${limit})`;

const processesLookedAt = 2_000;
/** The same for one or two letters: which of so many are shown matters little, and looking at all takes a tenth of a second. */
const processesOfLetters = 200;
