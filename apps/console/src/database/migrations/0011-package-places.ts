import { type Kysely, sql } from 'kysely';

/**
 * "Where is package X": the names of all packages, and an index that answers for one name without reading rows. Names and
 * versions of more than 512 bytes are left out of both: no index entry may be larger than a third of a page.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
create table package_names (
  type text not null,
  name text not null,
  primary key (name, type)
);
create index package_names_search on package_names using gin (lower(name) gin_trgm_ops);
create index package_names_prefix on package_names (lower(name) text_pattern_ops);
insert into package_names (type, name) select distinct type, name from asset_packages where octet_length(name) <= 512;
create index asset_packages_places on asset_packages (name, type, version, asset_id) include (id)
  where octet_length(name) <= 512 and octet_length(version) <= 512;
`.execute(db);
};
