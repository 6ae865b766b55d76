import { type Kysely, sql } from 'kysely';

/** Former package lists of assets, so that two scans can be compared; sboms/package-history.ts says how many are kept. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
create table package_history (
  id uuid primary key,
  asset_id uuid not null references assets (id) on delete cascade,
  -- as in sboms; lists with equal ones are one
  content_hash text not null,
  package_count integer not null,
  -- the SBOM without the files of its packages, zstd
  document bytea not null,
  received_at timestamptz not null,
  replaced_at timestamptz not null
);
create index package_history_by_asset on package_history (asset_id, replaced_at desc, id);
`.execute(db);
};
