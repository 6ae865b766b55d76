import { type Kysely, sql } from 'kysely';

/** Indexes for search by name and for the views of the map. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
create index assets_name on assets using gin (name gin_trgm_ops);
create index assets_by_name on assets (name, id);
create index assets_by_first_seen on assets (first_seen_at desc, id desc);
create index processes_name on processes using gin (name gin_trgm_ops) where ended_at is null;
-- strangers, to count them before they are grouped
create index edges_peers_as_source on edges (source_node) where source_asset is null and source_node <> 'internet';
create index edges_peers_as_target on edges (target_node) where target_asset is null and target_node <> 'internet';
create index listeners_live_by_host on listeners (host_id) where ended_at is null;
create index listeners_by_host on listeners (host_id, started_at);
create index processes_by_host on processes (host_id, started_at);
create index blind_intervals_by_host on blind_intervals (host_id, started_at);
`.execute(db);
};
