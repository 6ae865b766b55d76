import { type Kysely, sql } from 'kysely';

/** Scans that a person or a pipeline uploaded: of what no sensor holds, or of an image that one may hold later. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
alter table assets
  drop constraint assets_kind_check,
  -- upload: a folder, an archive, an image or a machine as somebody scanned it elsewhere; key: what it is, its name and scope
  add constraint assets_kind_check check (kind in ('host', 'container', 'image', 'upload'));
create unique index assets_upload_key on assets (key) where kind = 'upload';

alter table sboms
  alter column reporter_host_id drop not null,
  -- who uploaded it, where no host reported it
  add column reporter_name text,
  add constraint sboms_reporter check ((reporter_host_id is null) <> (reporter_name is null)),
  drop constraint sboms_asset_id_reporter_host_id_key,
  add constraint sboms_asset_id_reporter_host_id_key unique nulls not distinct (asset_id, reporter_host_id);

alter table asset_software
  drop constraint asset_software_trust_check,
  -- uploaded: the word of who may upload, which no sensor confirmed
  add constraint asset_software_trust_check check (trust in ('own', 'agreed', 'single', 'contradicted', 'uploaded'));
`.execute(db);
};
