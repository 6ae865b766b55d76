import { type Kysely, sql } from 'kysely';

/**
 * VEX documents, what they say of findings, and findings that they rule out: a fourth status, whose number (3) was free in the
 * two bits that a cell has for it, so counts that are there stay right.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
create table vex_documents (
  id uuid primary key,
  format text not null check (format in ('openvex', 'csaf', 'cyclonedx')),
  -- the document's own name for itself
  document_id text not null,
  author text,
  -- the file it came from
  name text not null,
  statements integer not null,
  -- SHA-256 of the document, hex
  content_hash text not null,
  -- as uploaded, zstd
  document bytea not null,
  -- it speaks for assets that this label selector shows; null for all
  scope jsonb,
  -- the selector as one text, so that equal ones are equal
  scope_key text not null,
  uploaded_by text not null,
  uploaded_at timestamptz not null,
  unique (document_id, scope_key)
);
create table vex_statements (
  id bigint generated always as identity primary key,
  vex_document_id uuid not null references vex_documents (id) on delete cascade,
  names text[] not null,
  -- VexProduct[]
  products jsonb not null,
  status text not null check (status in ('not_affected', 'affected', 'fixed', 'under_investigation')),
  justification text,
  words text,
  at timestamptz
);
create index vex_statements_by_document on vex_statements (vex_document_id);
create table vex_names (
  name text not null,
  statement_id bigint not null references vex_statements (id) on delete cascade,
  primary key (name, statement_id)
);
create index vex_names_by_statement on vex_names (statement_id);

-- What is said of a finding now. A copy, because documents go before their findings are looked at again.
create table finding_vex (
  finding_id uuid primary key references findings (id) on delete cascade,
  -- VexVerdict of packages/advisories
  verdict jsonb not null,
  vex_document_id uuid not null,
  since timestamptz not null
);
create index finding_vex_by_document on finding_vex (vex_document_id);

-- Assets whose findings are to be looked at again because documents came or went.
create table vex_queue (
  asset_id uuid primary key references assets (id) on delete cascade
);

alter table findings
  -- package URLs of other affected versions of the package side by side, of which this finding is as well
  add column other_purls text[] not null default '{}',
  drop constraint findings_status_check,
  add constraint findings_status_check check (status in ('open', 'accepted', 'ruled-out', 'closed')),
  drop column cell;
alter table findings
  add column cell integer not null generated always as (
    case status when 'open' then 0 when 'accepted' then 1 when 'ruled-out' then 3 else 2 end
    + 4 * case when risk >= 80 then 0 when risk >= 50 then 1 when risk >= 20 then 2 else 3 end
    + 16 * case exposure_kind when 'internet' then 0 when 'zones' then 1 when 'own-network' then 2 when 'none-seen' then 3 else 4 end
    + 128 * case use_kind when 'running' then 0 when 'loaded' then 1 when 'installed' then 2 else 3 end
    + 512 * kev::int + 1024 * epss_high::int + 2048 * exploit::int
    + 4096 * (fixed_version is not null)::int
  ) stored;
create index findings_by_vulnerability on findings (vulnerability_id, cell, risk desc) include (id, asset_id, first_seen_at);
create index findings_by_product on findings (product_id, cell, risk desc) include (id, asset_id, vulnerability_id, first_seen_at);
create index findings_by_fix on findings (fix_id, cell, risk desc) include (id, asset_id, vulnerability_id, first_seen_at);

-- Which versions lie side by side is learnt by matching again.
update asset_software set matched_feed = null where asset_id in (
  select asset_id from asset_packages group by asset_id, package_key having count(*) > 1
);
`.execute(db);
};
