import { sql } from 'kysely';
import type { Database, DatabaseTransaction } from '../database/database.ts';
import type { InternetPath } from './observation.ts';

/** Farther than this, the Internet is not a reason any more. */
export const maxHops = 4;

type Distance = {
  readonly asset_id: string;
  readonly hops: number;
  readonly via_asset_id: string | null;
  readonly protocol: string;
  readonly port: number;
};

/**
 * Computes anew how far each asset is from the Internet: breadth first over open edges, one query a level. Returns the assets
 * whose distance or way changed, so that their risk can follow.
 */
export const refreshInternetDistances = async (db: Database): Promise<readonly string[]> => {
  const found: Distance[] = [];
  let level = await readFacing(db);
  for (let hops = 2; level.length > 0; hops += 1) {
    found.push(...level);
    if (hops > maxHops) break;
    level = await readNext(db, level, found, hops);
  }
  return db.transaction().execute((tx) => replaceDistances(tx, found));
};

const readFacing = async (db: Database): Promise<readonly Distance[]> =>
  (
    await sql<Distance>`
      select distinct on (target_asset) target_asset as asset_id, 1 as hops, null as via_asset_id, protocol, port from edges
      where source_node = 'internet' and ended_at is null and target_asset is not null
      order by target_asset, id`.execute(db)
  ).rows;

const readNext = async (
  db: Database,
  level: readonly Distance[],
  found: readonly Distance[],
  hops: number,
): Promise<readonly Distance[]> =>
  (
    await sql<Distance>`
      select distinct on (target_asset) target_asset as asset_id, ${hops}::int as hops, source_asset as via_asset_id, protocol, port
      from edges
      where source_asset = any(${level.map((row) => row.asset_id)}::uuid[]) and ended_at is null
        and target_asset <> all(${found.map((row) => row.asset_id)}::uuid[])
      order by target_asset, id`.execute(db)
  ).rows;

const replaceDistances = async (tx: DatabaseTransaction, found: readonly Distance[]): Promise<readonly string[]> => {
  const gone = await sql<{ asset_id: string }>`
    delete from internet_distances where asset_id <> all(${found.map((row) => row.asset_id)}::uuid[])
    returning asset_id`.execute(tx);
  const changed = await sql<{ asset_id: string }>`
    insert into internet_distances as old (asset_id, hops, via_asset_id, protocol, port)
    select asset_id, hops, via_asset_id, protocol, port
    from jsonb_to_recordset(${JSON.stringify(found)}::jsonb) as new (asset_id uuid, hops smallint, via_asset_id uuid, protocol text, port integer)
    where exists (select 1 from assets as a where a.id = new.asset_id) order by asset_id
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
