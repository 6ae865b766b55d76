import { type Kysely, sql } from 'kysely';

/**
 * What is asked of an asset's evidence is that of one package, or that of none (0) for all instances. By instance first, each such look
 * went through all entries of the asset.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create unique index risk_contexts_by_package on risk_contexts (asset_id, package_id, instance_id)`.execute(
    db,
  );
  await sql`alter table risk_contexts drop constraint risk_contexts_pkey`.execute(db);
  await sql`alter table risk_contexts add constraint risk_contexts_pkey primary key using index risk_contexts_by_package`.execute(
    db,
  );
};
