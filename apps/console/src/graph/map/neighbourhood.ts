import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import { assetThere, edgeThere, type Moment } from '../moment.ts';
import type { ScopeFilter } from '../scope-filter.ts';
import type { WantedAssets } from './wanted-assets.ts';

/** A neighbourhood stops growing at this many assets. */
export const maxAssets = 600;

/** The assets within `hops` edges of one; a host brings its containers. */
export const readNeighbourhood = async (
  db: Database,
  moment: Moment,
  inScope: ScopeFilter,
  assetId: string,
  hops: number,
): Promise<WantedAssets> => {
  const start = await sql<{ id: string }>`
    select a.id from assets a
    where (a.id = ${assetId}::uuid or a.host_id = ${assetId}::uuid) and a.kind in ('host', 'container') and ${assetThere('a', moment)} and ${inScope('a')}
    limit ${maxAssets}`.execute(db);
  const seen = new Set(start.rows.map((row) => row.id));
  let frontier = [...seen];
  for (let hop = 0; hop < hops && frontier.length > 0 && seen.size < maxAssets; hop += 1) {
    const next = await neighboursOf(db, moment, inScope, frontier, maxAssets - seen.size);
    frontier = next.filter((id) => !seen.has(id));
    for (const id of frontier) seen.add(id);
  }
  return splitAssets(db, [...seen]);
};

/** Sorts assets into hosts and containers, with the hosts that the containers run on. */
export const splitAssets = async (db: Database, ids: readonly string[]): Promise<WantedAssets> => {
  if (ids.length === 0) return { hosts: new Set(), containers: new Set(), wholeHosts: new Set() };
  const { rows } = await sql<{ id: string; hostId: string | null }>`
    select a.id, a.host_id as "hostId" from assets a where a.id = any(${ids}::uuid[]) and a.kind in ('host', 'container')`.execute(
    db,
  );
  const containers = rows.filter((row) => row.hostId !== null);
  const wholeHosts = rows.filter((row) => row.hostId === null).map((row) => row.id);
  return {
    hosts: new Set([...wholeHosts, ...containers.map((row) => row.hostId ?? '')]),
    containers: new Set(containers.map((row) => row.id)),
    wholeHosts: new Set(wholeHosts),
  };
};

const neighboursOf = async (
  db: Database,
  moment: Moment,
  inScope: ScopeFilter,
  ids: readonly string[],
  limit: number,
): Promise<readonly string[]> => {
  const { rows } = await sql<{ id: string }>`
    select a.id from (
      select e.target_asset as id from edges e where e.source_asset = any(${ids}::uuid[]) and e.target_asset is not null and ${edgeThere('e', moment)}
      union
      select e.source_asset from edges e where e.target_asset = any(${ids}::uuid[]) and e.source_asset is not null and ${edgeThere('e', moment)}
    ) n join assets a on a.id = n.id
    where a.id <> all(${ids}::uuid[]) and ${inScope('a')}
    order by a.risk desc nulls last, a.id limit ${limit}`.execute(db);
  return rows.map((row) => row.id);
};
