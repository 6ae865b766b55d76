import { type Kysely, sql } from 'kysely';

/** SBOMs and their packages, findings with risk and roll-ups, scans, feeds. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await software(db);
  await findings(db);
  await rollUps(db);
  await risk(db);
  await work(db);
};

const software = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
create extension if not exists pg_trgm;

-- The latest SBOM of each reporter. An image's may come from several hosts; current is the one its packages are taken from.
create table sboms (
  id uuid primary key,
  asset_id uuid not null references assets (id),
  reporter_host_id uuid not null references assets (id),
  -- SHA-256 of distribution and sorted package URLs, hex: equal for equal content
  content_hash text not null,
  status text not null check (status in ('succeeded', 'partial')),
  distribution jsonb,
  package_count integer not null,
  problems jsonb not null default '[]',
  -- the document as sent, zstd
  document bytea not null,
  made_at timestamptz not null,
  received_at timestamptz not null,
  current boolean not null default false,
  unique (asset_id, reporter_host_id)
);
create unique index sboms_current on sboms (asset_id) where current;
create index sboms_by_reporter on sboms (reporter_host_id);

-- One row per asset with packages. A container's packages are only what it has beyond its image.
create table asset_software (
  asset_id uuid primary key references assets (id),
  sbom_id uuid not null references sboms (id),
  distribution jsonb,
  package_count integer not null,
  -- package URLs of the image that this container no longer has
  removed_purls text[] not null default '{}',
  -- agreed: two hosts reported the same, or it is the reporter's own; single: one host's word; contradicted: hosts differ
  trust text not null check (trust in ('own', 'agreed', 'single', 'contradicted')),
  -- where it runs now
  instances integer not null default 0,
  matched_feed text,
  matched_at timestamptz,
  -- its findings were closed because it is gone
  closed_as_gone boolean not null default false
);
create index asset_software_by_feed on asset_software (matched_feed);

create table asset_packages (
  id bigint generated always as identity primary key,
  asset_id uuid not null references assets (id),
  purl text not null,
  -- the package URL without its version: the identity of a package on an asset
  package_key text not null,
  type text not null,
  name text not null,
  version text not null,
  architecture text,
  source_name text,
  source_version text,
  licences text[] not null,
  location text not null,
  -- programs and libraries, normalised to merged /usr
  files text[] not null,
  use_kind text not null default 'unknown',
  unique (asset_id, purl)
);
create index asset_packages_by_name on asset_packages (asset_id, name, id);
create index asset_packages_name on asset_packages using gin (name gin_trgm_ops);
`.execute(db);
};

const findings = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
-- What is known of a vulnerability that some asset has, as of the feed that told it.
create table vulnerabilities (
  id bigint generated always as identity primary key,
  key text not null unique,
  summary text not null,
  aliases text[] not null,
  published_severity text,
  cvss real,
  epss real,
  kev boolean not null,
  exploit boolean not null,
  likelihood real not null,
  likelihood_factor jsonb not null,
  feed_version text not null,
  -- key, aliases and summary in lower case
  search text not null
);
create index vulnerabilities_search on vulnerabilities using gin (search gin_trgm_ops);

-- A package by name, whatever its version and place.
create table products (
  id bigint generated always as identity primary key,
  type text not null,
  name text not null,
  unique (type, name)
);
create index products_name on products using gin (name gin_trgm_ops);

-- What one would do. Those without a fixed version gather what no fix is published for.
create table fixes (
  id bigint generated always as identity primary key,
  key text not null unique,
  title text not null,
  command text,
  fixed_version text
);

create table acceptances (
  id uuid primary key,
  reason text not null,
  by_name text not null,
  at timestamptz not null,
  until timestamptz not null,
  ended_at timestamptz,
  ended_by text
);

-- One row per asset, package and vulnerability, however many replicas run it.
create table findings (
  id uuid primary key,
  asset_id uuid not null references assets (id),
  package_id bigint references asset_packages (id) on delete set null,
  package_key text not null,
  product_id bigint not null references products (id),
  vulnerability_id bigint not null references vulnerabilities (id),
  fix_id bigint not null references fixes (id),
  kind text not null default 'vulnerability' check (kind in ('vulnerability')),
  status text not null check (status in ('open', 'accepted', 'closed')),
  purl text not null,
  package_version text not null,
  -- the publisher's record that decided
  advisory_id text not null,
  fixed_version text,
  affected_ranges text[] not null default '{}',
  cvss real,
  epss real,
  kev boolean not null,
  epss_high boolean not null,
  exploit boolean not null,
  likelihood real not null,
  exposure real not null,
  use_value real not null,
  impact real not null,
  risk real not null,
  exposure_kind text not null check (exposure_kind in ('internet', 'zones', 'own-network', 'none-seen', 'unknown')),
  use_kind text not null check (use_kind in ('running', 'loaded', 'installed', 'unknown')),
  -- the instance whose risk is shown; null for the asset itself
  worst_asset_id uuid references assets (id),
  formula text not null,
  feed_version text not null,
  first_seen_at timestamptz not null,
  closed_at timestamptz,
  close_reason text,
  acceptance_id uuid references acceptances (id),
  accepted_until timestamptz,
  -- the facets of a finding as one number, see findings/cells.ts
  cell integer not null generated always as (
    case status when 'open' then 0 when 'accepted' then 1 else 2 end
    + 4 * case when risk >= 80 then 0 when risk >= 50 then 1 when risk >= 20 then 2 else 3 end
    + 16 * case exposure_kind when 'internet' then 0 when 'zones' then 1 when 'own-network' then 2 when 'none-seen' then 3 else 4 end
    + 128 * case use_kind when 'running' then 0 when 'loaded' then 1 when 'installed' then 2 else 3 end
    + 512 * kev::int + 1024 * epss_high::int + 2048 * exploit::int
    + 4096 * (fixed_version is not null)::int
  ) stored,
  unique (asset_id, package_key, vulnerability_id)
);
create index findings_by_risk on findings (risk desc, id);
create index findings_open_by_risk on findings (risk desc, id) where status = 'open';
create index findings_by_age on findings (first_seen_at desc, id);
create index findings_by_cvss on findings ((coalesce(cvss, -1)) desc, id);
create index findings_by_asset on findings (asset_id, risk desc, id);
-- These answer for groups without reading the rows.
create index findings_by_vulnerability on findings (vulnerability_id, cell, risk desc) include (id, asset_id, first_seen_at);
create index findings_by_product on findings (product_id, cell, risk desc) include (id, asset_id, vulnerability_id, first_seen_at);
create index findings_by_fix on findings (fix_id, cell, risk desc) include (id, asset_id, vulnerability_id, first_seen_at);
create index findings_by_package on findings (package_id);
create index findings_by_worst on findings (worst_asset_id);
create index findings_by_acceptance on findings (acceptance_id) where acceptance_id is not null;
create index findings_by_close on findings (closed_at) where closed_at is not null;
create index findings_expiring on findings (accepted_until) where status = 'accepted';

create table finding_history (
  id bigint generated always as identity primary key,
  finding_id uuid not null references findings (id) on delete cascade,
  at timestamptz not null,
  text text not null,
  by_name text
);
create index finding_history_by_finding on finding_history (finding_id, id);
`.execute(db);
};

/**
 * Counts by facet cell: of everything, per asset, and per fix, vulnerability and product. Triggers keep them in the
 * transaction that writes findings, whatever the path; that transaction holds the writers' lock (see findings/write-lock.ts).
 */
const rollUps = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
create table finding_totals (
  cell integer primary key,
  findings bigint not null,
  risk_sum double precision not null
);
create table finding_asset_counts (
  asset_id uuid not null references assets (id),
  cell integer not null,
  findings integer not null,
  risk_sum double precision not null,
  risk_max real not null,
  primary key (asset_id, cell)
);
create table finding_group_counts (
  grouping text not null check (grouping in ('fix', 'vulnerability', 'package')),
  group_id bigint not null,
  cell integer not null,
  findings integer not null,
  risk_sum double precision not null,
  risk_max real not null,
  primary key (grouping, group_id, cell)
);

-- The same by status alone, for the views that filter by nothing else.
create table finding_group_totals (
  grouping text not null,
  group_id bigint not null,
  status smallint not null,
  findings integer not null,
  kev integer not null,
  risk_sum double precision not null,
  risk_max real not null,
  primary key (grouping, group_id, status)
);

create type finding_delta as (
  asset_id uuid, fix_id bigint, vulnerability_id bigint, product_id bigint, cell integer, n integer, risk real
);

create function findings_roll_up() returns trigger language plpgsql as $body$
declare
  changes finding_delta[];
begin
  if tg_op = 'INSERT' then
    select array_agg((asset_id, fix_id, vulnerability_id, product_id, cell, 1, risk)::finding_delta) into changes from added;
  elsif tg_op = 'DELETE' then
    select array_agg((asset_id, fix_id, vulnerability_id, product_id, cell, -1, risk)::finding_delta) into changes from removed;
  else
    select array_agg(delta) into changes from (
      select (o.asset_id, o.fix_id, o.vulnerability_id, o.product_id, o.cell, -1, o.risk)::finding_delta as delta
      from removed o join added n using (id) where (o.cell, o.risk, o.fix_id) is distinct from (n.cell, n.risk, n.fix_id)
      union all
      select (n.asset_id, n.fix_id, n.vulnerability_id, n.product_id, n.cell, 1, n.risk)::finding_delta
      from removed o join added n using (id) where (o.cell, o.risk, o.fix_id) is distinct from (n.cell, n.risk, n.fix_id)
    ) both_sides;
  end if;
  if changes is null then
    return null;
  end if;

  insert into finding_totals as t (cell, findings, risk_sum)
  select d.cell, sum(d.n), sum(d.n * d.risk) from unnest(changes) d group by d.cell
  on conflict (cell) do update set findings = t.findings + excluded.findings, risk_sum = t.risk_sum + excluded.risk_sum;

  insert into finding_asset_counts as t (asset_id, cell, findings, risk_sum, risk_max)
  select d.asset_id, d.cell, sum(d.n), sum(d.n * d.risk), coalesce(max(d.risk) filter (where d.n > 0), 0)
  from unnest(changes) d group by d.asset_id, d.cell
  on conflict (asset_id, cell) do update set findings = t.findings + excluded.findings,
    risk_sum = t.risk_sum + excluded.risk_sum, risk_max = greatest(t.risk_max, excluded.risk_max);

  insert into finding_group_counts as t (grouping, group_id, cell, findings, risk_sum, risk_max)
  select g.grouping, g.group_id, d.cell, sum(d.n), sum(d.n * d.risk), coalesce(max(d.risk) filter (where d.n > 0), 0)
  from unnest(changes) d
  cross join lateral (values ('fix', d.fix_id), ('vulnerability', d.vulnerability_id), ('package', d.product_id)) g (grouping, group_id)
  group by g.grouping, g.group_id, d.cell
  on conflict (grouping, group_id, cell) do update set findings = t.findings + excluded.findings,
    risk_sum = t.risk_sum + excluded.risk_sum, risk_max = greatest(t.risk_max, excluded.risk_max);

  insert into finding_group_totals as t (grouping, group_id, status, findings, kev, risk_sum, risk_max)
  select g.grouping, g.group_id, d.cell & 3, sum(d.n), coalesce(sum(d.n) filter (where d.cell & 512 <> 0), 0), sum(d.n * d.risk),
    coalesce(max(d.risk) filter (where d.n > 0), 0)
  from unnest(changes) d
  cross join lateral (values ('fix', d.fix_id), ('vulnerability', d.vulnerability_id), ('package', d.product_id)) g (grouping, group_id)
  group by g.grouping, g.group_id, d.cell & 3
  on conflict (grouping, group_id, status) do update set findings = t.findings + excluded.findings, kev = t.kev + excluded.kev,
    risk_sum = t.risk_sum + excluded.risk_sum, risk_max = greatest(t.risk_max, excluded.risk_max);

  -- A maximum that may have left is looked up again; what is empty goes.
  if tg_op <> 'INSERT' then
    perform findings_roll_up_maxima(changes);
  end if;
  return null;
end
$body$;

create function findings_roll_up_maxima(changes finding_delta[]) returns void language plpgsql as $body$
begin
  delete from finding_totals t using (select distinct cell from unnest(changes) where n < 0) d
  where t.cell = d.cell and t.findings = 0;

  delete from finding_asset_counts t using (select distinct asset_id, cell from unnest(changes) where n < 0) d
  where t.asset_id = d.asset_id and t.cell = d.cell and t.findings = 0;
  update finding_asset_counts t set risk_max = (select max(f.risk) from findings f where f.asset_id = t.asset_id and f.cell = t.cell)
  from (select asset_id, cell, max(risk) as risk from unnest(changes) where n < 0 group by asset_id, cell) d
  where t.asset_id = d.asset_id and t.cell = d.cell and d.risk >= t.risk_max;

  delete from finding_group_counts t
  using (
    select distinct g.grouping, g.group_id, d.cell from unnest(changes) d
    cross join lateral (values ('fix', d.fix_id), ('vulnerability', d.vulnerability_id), ('package', d.product_id)) g (grouping, group_id)
    where d.n < 0
  ) gone
  where t.grouping = gone.grouping and t.group_id = gone.group_id and t.cell = gone.cell and t.findings = 0;
  update finding_group_counts t set risk_max = (select max(f.risk) from findings f where f.fix_id = t.group_id and f.cell = t.cell)
  from (select fix_id, cell, max(risk) as risk from unnest(changes) where n < 0 group by fix_id, cell) d
  where t.grouping = 'fix' and t.group_id = d.fix_id and t.cell = d.cell and d.risk >= t.risk_max;
  update finding_group_counts t set risk_max = (select max(f.risk) from findings f where f.vulnerability_id = t.group_id and f.cell = t.cell)
  from (select vulnerability_id, cell, max(risk) as risk from unnest(changes) where n < 0 group by vulnerability_id, cell) d
  where t.grouping = 'vulnerability' and t.group_id = d.vulnerability_id and t.cell = d.cell and d.risk >= t.risk_max;
  update finding_group_counts t set risk_max = (select max(f.risk) from findings f where f.product_id = t.group_id and f.cell = t.cell)
  from (select product_id, cell, max(risk) as risk from unnest(changes) where n < 0 group by product_id, cell) d
  where t.grouping = 'package' and t.group_id = d.product_id and t.cell = d.cell and d.risk >= t.risk_max;

  delete from finding_group_totals t
  using (
    select distinct g.grouping, g.group_id, d.cell & 3 as status from unnest(changes) d
    cross join lateral (values ('fix', d.fix_id), ('vulnerability', d.vulnerability_id), ('package', d.product_id)) g (grouping, group_id)
    where d.n < 0
  ) gone
  where t.grouping = gone.grouping and t.group_id = gone.group_id and t.status = gone.status and t.findings = 0;
  update finding_group_totals t set risk_max = coalesce((
    select max(c.risk_max) from finding_group_counts c where c.grouping = t.grouping and c.group_id = t.group_id and c.cell & 3 = t.status
  ), 0)
  from (
    select g.grouping, g.group_id, d.cell & 3 as status, max(d.risk) as risk from unnest(changes) d
    cross join lateral (values ('fix', d.fix_id), ('vulnerability', d.vulnerability_id), ('package', d.product_id)) g (grouping, group_id)
    where d.n < 0 group by g.grouping, g.group_id, d.cell & 3
  ) left_behind
  where t.grouping = left_behind.grouping and t.group_id = left_behind.group_id and t.status = left_behind.status
    and left_behind.risk >= t.risk_max;
end
$body$;

create trigger findings_inserted after insert on findings referencing new table as added
  for each statement execute function findings_roll_up();
create trigger findings_updated after update on findings referencing old table as removed new table as added
  for each statement execute function findings_roll_up();
create trigger findings_deleted after delete on findings referencing old table as removed
  for each statement execute function findings_roll_up();
`.execute(db);
};

const risk = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
-- Exposure, use and impact of an instance of an asset (itself, or a container of an image), with their evidence: for a package
-- seen in use there (package_id), and for all others (0). Independent of any vulnerability, so it is kept once.
create table risk_contexts (
  asset_id uuid not null references assets (id),
  instance_id uuid not null references assets (id),
  package_id bigint not null,
  exposure real not null,
  use_value real not null,
  impact real not null,
  exposure_kind text not null,
  use_kind text not null,
  -- {exposure, use, impact}, each a RiskFactor
  factors jsonb not null,
  primary key (asset_id, instance_id, package_id)
);
create index risk_contexts_by_instance on risk_contexts (instance_id);

-- When the risk of an asset is to be computed anew (null: nothing changed since), and when it last was.
create table risk_queue (
  asset_id uuid primary key references assets (id),
  due_at timestamptz,
  computed_at timestamptz
);
create index risk_queue_by_due on risk_queue (due_at) where due_at is not null;

-- How far an asset is from the Internet over open edges; 1 is seen directly.
create table internet_distances (
  asset_id uuid primary key references assets (id),
  hops smallint not null,
  via_asset_id uuid references assets (id),
  protocol text not null,
  port integer not null
);

create table risk_hours (
  at timestamptz primary key,
  risk double precision not null,
  open integer not null
);
-- For people with a scope.
create table risk_days (
  day date not null,
  asset_id uuid not null references assets (id),
  risk double precision not null,
  open integer not null,
  primary key (day, asset_id)
);
create index risk_days_by_asset on risk_days (asset_id);
`.execute(db);
};

const work = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
create table scans (
  id uuid primary key,
  asset_id uuid not null references assets (id),
  host_id uuid not null references assets (id),
  cause text not null check (cause in ('new', 'changed', 'schedule', 'person')),
  requested_by text,
  state text not null check (state in ('waiting', 'sent', 'running', 'done', 'partial', 'failed', 'cancelled', 'expired')),
  progress real,
  message text,
  packages integer,
  findings integer,
  attempt integer not null default 1,
  created_at timestamptz not null,
  -- not before: debounce and back-off
  due_at timestamptz not null,
  started_at timestamptz,
  ended_at timestamptz,
  deadline timestamptz not null
);
create unique index scans_active_asset on scans (asset_id) where state in ('waiting', 'sent', 'running');
create unique index scans_active_host on scans (host_id) where state in ('sent', 'running');
create index scans_waiting on scans (due_at) where state = 'waiting';
create index scans_by_asset on scans (asset_id, created_at desc);
create index scans_by_host on scans (host_id);
create index scans_by_age on scans (created_at desc, id);

-- What the package databases looked like when an asset was last scanned (or a scan was asked for).
create table scan_stamps (
  asset_id uuid primary key references assets (id),
  stamp text not null
);

create table feed_versions (
  version text primary key,
  file text not null,
  origin text not null check (origin in ('publishers', 'bundle')),
  advisories integer not null,
  size_bytes bigint not null,
  -- FeedSource[]
  sources jsonb not null,
  activated_at timestamptz not null,
  active boolean not null
);
create unique index feed_versions_active on feed_versions (active) where active;

create table feed_state (
  only_row boolean primary key default true check (only_row),
  schedule_enabled boolean not null,
  -- once a person decided, the program does not
  schedule_by_person boolean not null default false,
  every_hours integer not null,
  next_at timestamptz,
  -- FeedStatus['update']
  update_progress jsonb,
  rematch_total integer not null default 0
);
insert into feed_state (schedule_enabled, every_hours) values (false, 6);
`.execute(db);
};
