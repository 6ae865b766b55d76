import { sql } from 'kysely';
import type { Database, DatabaseTransaction } from '../database/database.ts';
import type { InternetPath } from './observation.ts';

/** Farther than this, the Internet is not a reason any more. */
export const maxHops = 4;

/**
 * Computes anew how far each asset is from the Internet: breadth first over open edges, one query a level. Returns the assets
 * whose distance or way changed, so that their risk can follow.
 */
export const refreshInternetDistances = (db: Database): Promise<readonly string[]> =>
  db.transaction().execute(async (tx) => {
    await sql`create temporary table distances (asset_id uuid primary key, hops smallint, via_asset_id uuid, protocol text, port integer) on commit drop`.execute(
      tx,
    );
    await sql`
      insert into distances
      select distinct on (target_asset) target_asset, 1, null::uuid, protocol, port from edges
      where source_node = 'internet' and ended_at is null and target_asset is not null
      order by target_asset, id`.execute(tx);
    for (let hops = 2; hops <= maxHops; hops += 1) {
      const added = await sql`
        insert into distances
        select distinct on (e.target_asset) e.target_asset, ${hops}::smallint, e.source_asset, e.protocol, e.port
        from distances as d join edges as e on e.source_asset = d.asset_id
        where d.hops = ${hops - 1} and e.ended_at is null and e.target_asset is not null
          and not exists (select 1 from distances as known where known.asset_id = e.target_asset)
        order by e.target_asset, e.id`.execute(tx);
      if (added.numAffectedRows === 0n) break;
    }
    return replaceDistances(tx);
  });

const replaceDistances = async (tx: DatabaseTransaction): Promise<readonly string[]> => {
  const gone = await sql<{ asset_id: string }>`
    delete from internet_distances as old where not exists (select 1 from distances as d where d.asset_id = old.asset_id)
    returning old.asset_id`.execute(tx);
  const changed = await sql<{ asset_id: string }>`
    insert into internet_distances as old (asset_id, hops, via_asset_id, protocol, port)
    select asset_id, hops, via_asset_id, protocol, port from distances order by asset_id
    on conflict (asset_id) do update set hops = excluded.hops, via_asset_id = excluded.via_asset_id,
      protocol = excluded.protocol, port = excluded.port
    where (old.hops, old.via_asset_id, old.protocol, old.port)
      is distinct from (excluded.hops, excluded.via_asset_id, excluded.protocol, excluded.port)
    returning old.asset_id`.execute(tx);
  return [...gone.rows, ...changed.rows].map((row) => row.asset_id);
};

/** The stored ways of some assets, with the names of what lies between. */
export const readInternetPaths = async (
  db: Database,
  assetIds: readonly string[],
): Promise<ReadonlyMap<string, InternetPath>> => {
  const { rows } = await sql<{
    asset_id: string;
    hops: number;
    protocol: string;
    port: number;
    through: { assetId: string; name: string }[];
  }>`
    with recursive way as (
      select asset_id as origin, via_asset_id as step, 1 as position from internet_distances where asset_id = any(${assetIds}::uuid[])
      union all
      select way.origin, d.via_asset_id, way.position + 1 from way join internet_distances as d on d.asset_id = way.step
      where way.position < ${maxHops}
    )
    select d.asset_id, d.hops, d.protocol, d.port, coalesce((
      select jsonb_agg(jsonb_build_object('assetId', a.id, 'name', a.name) order by way.position desc)
      from way join assets as a on a.id = way.step where way.origin = d.asset_id
    ), '[]') as through
    from internet_distances as d where d.asset_id = any(${assetIds}::uuid[])`.execute(db);
  return new Map(rows.map(({ asset_id, ...path }) => [asset_id, path]));
};
