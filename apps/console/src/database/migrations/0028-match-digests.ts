import { type Kysely, sql } from 'kysely';

/** What an asset's packages matched last, in short: a feed under which they match the same costs no look at its findings. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`alter table asset_software add column match_digest text`.execute(db);
};
