import { type Kysely, sql } from 'kysely';

/** Assets say why what is vulnerable on them is not known; matching learns it, so those that looked clean are matched again. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
alter table asset_software
  add column unmatched text check (unmatched in ('distribution', 'types', 'empty'))`.execute(db);
  await sql`
update asset_software set matched_feed = null where asset_id in (select id from assets where risk = 0)`.execute(db);
};
