import { type Kysely, sql } from 'kysely';

/** Sensors, what they report, and the graph with its history. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
create table enrolment_keys (
  id uuid primary key,
  name text not null,
  secret_hash bytea not null unique,
  zone text not null,
  labels jsonb not null default '{}',
  created_by text not null,
  created_at timestamptz not null,
  expires_at timestamptz not null,
  max_uses integer,
  uses integer not null default 0,
  revoked_at timestamptz
);

-- Hosts, containers and images. A host's id is the one given at enrolment.
create table assets (
  id uuid primary key,
  kind text not null check (kind in ('host', 'container', 'image')),
  host_id uuid references assets (id),
  key text not null,
  name text not null,
  status text not null check (status in ('running', 'stopped', 'unknown', 'gone', 'present')),
  image_id uuid references assets (id),
  parent_id uuid references assets (id),
  zone text,
  -- labels of the runtime or the enrolment key, and those that people set; the scope filter reads effective_labels
  runtime_labels jsonb not null default '{}',
  people_labels jsonb not null default '{}',
  effective_labels jsonb generated always as (runtime_labels || people_labels) stored,
  -- the record as reported
  record jsonb not null default '{}',
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  ended_at timestamptz,
  -- kept by the findings feature
  risk real,
  findings_critical integer not null default 0,
  findings_high integer not null default 0,
  findings_medium integer not null default 0,
  findings_low integer not null default 0,
  exposure text not null default 'unknown',
  scanned_at timestamptz
);
create unique index assets_container_key on assets (host_id, key) where kind = 'container';
create unique index assets_image_key on assets (key) where kind = 'image';
create index assets_by_kind on assets (kind, status);
create index assets_by_host on assets (host_id);
create index assets_by_image on assets (image_id);
create index assets_by_risk on assets (risk desc nulls last, id);
create index assets_by_label on assets using gin (effective_labels jsonb_path_ops);

-- Which hosts hold an image.
create table image_locations (
  image_id uuid not null references assets (id),
  host_id uuid not null references assets (id),
  record jsonb not null,
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  ended_at timestamptz,
  primary key (image_id, host_id)
);
create index image_locations_by_host on image_locations (host_id);

-- When an asset was there: containers from start to stop, hosts from first contact on, images while some host holds them.
create table asset_intervals (
  id bigint generated always as identity primary key,
  asset_id uuid not null references assets (id),
  started_at timestamptz not null,
  ended_at timestamptz,
  -- true when the end was not observed but concluded from a snapshot
  end_inferred boolean not null default false
);
create unique index asset_intervals_open on asset_intervals (asset_id) where ended_at is null;
create index asset_intervals_by_asset on asset_intervals (asset_id, started_at);
create index asset_intervals_by_start on asset_intervals (started_at);
create index asset_intervals_by_end on asset_intervals (ended_at);

create table sensors (
  host_id uuid primary key references assets (id),
  version text not null,
  presence text not null check (presence in ('online', 'unknown', 'stopped', 'revoked')),
  presence_since timestamptz not null,
  last_seen_at timestamptz,
  enrolled_at timestamptz not null,
  enrolment text not null check (enrolment in ('new', 'same', 'taken-over', 'clone')),
  machine_id text,
  dmi_uuid text,
  cloud_instance_id text,
  address text,
  certificate_serial text not null,
  boot_id text,
  run_id uuid,
  -- how far the inventory stream is stored; written in the transaction that stores it
  stream_epoch bigint not null default 0,
  stream_seq bigint not null default 0,
  snapshot_open boolean not null default false,
  skew_ms double precision not null default 0,
  rss_bytes bigint,
  anonymous_bytes bigint,
  cpu_cores real,
  queued integer not null default 0,
  queue_age_ms bigint not null default 0,
  refused_frames bigint not null default 0,
  in_sync boolean
);
create index sensors_by_machine on sensors (machine_id);
create index sensors_by_dmi on sensors (dmi_uuid);
create index sensors_by_cloud on sensors (cloud_instance_id);

create table sensor_certificates (
  serial text primary key,
  host_id uuid not null references assets (id),
  -- SHA-256 of the public key, hex
  key_fingerprint text not null,
  issued_at timestamptz not null,
  not_after timestamptz not null,
  -- when a sensor first connected with it: only then are its predecessors revoked
  used_at timestamptz,
  revoked_at timestamptz,
  revoked_reason text
);
create index sensor_certificates_by_host on sensor_certificates (host_id);

create table collectors (
  host_id uuid not null references assets (id),
  name text not null,
  state text not null,
  source text not null,
  reason text,
  since timestamptz not null,
  primary key (host_id, name)
);

-- The live records of each host: what a snapshot must name, and the digest's terms.
create table inventory_records (
  host_id uuid not null references assets (id),
  kind text not null,
  key text not null,
  epoch bigint not null,
  -- 16 hex digits
  hash text not null,
  primary key (host_id, kind, key)
);

create table processes (
  id bigint generated always as identity primary key,
  host_id uuid not null references assets (id),
  boot_id text not null,
  key text not null,
  -- the container as reported; its id follows when its record comes later
  container_key text,
  container_id uuid references assets (id),
  pid integer not null,
  parent_key text,
  name text not null,
  executable text not null,
  arguments jsonb not null,
  uid bigint not null,
  user_name text,
  capabilities text,
  loaded_files jsonb not null,
  exit_code integer,
  started_at timestamptz not null,
  ended_at timestamptz,
  end_inferred boolean not null default false,
  unique (host_id, boot_id, key)
);
create index processes_live on processes (host_id, container_id) where ended_at is null;
create index processes_by_container on processes (container_id);
create index processes_by_end on processes (ended_at);

create table listeners (
  id bigint generated always as identity primary key,
  host_id uuid not null references assets (id),
  key text not null,
  container_key text,
  container_id uuid references assets (id),
  process_key text,
  executable text,
  protocol text not null,
  address text not null,
  port integer not null,
  started_at timestamptz not null,
  ended_at timestamptz
);
create unique index listeners_open on listeners (host_id, key) where ended_at is null;
create index listeners_by_container on listeners (container_id) where ended_at is null;
create index listeners_by_end on listeners (ended_at);

-- The graph's edges, after both ends' reports are joined. Node ids: 'host:<uuid>', 'container:<uuid>', 'internet',
-- 'peer:<zone>|<address>'.
create table edges (
  id bigint generated always as identity primary key,
  source_node text not null,
  source_process text not null default '',
  target_node text not null,
  target_process text not null default '',
  protocol text not null,
  port integer not null,
  published_port integer,
  -- the asset of a node, and its host, for joins and the scope filter
  source_asset uuid references assets (id),
  target_asset uuid references assets (id),
  first_seen_at timestamptz not null,
  last_seen_at timestamptz not null,
  ended_at timestamptz,
  connections bigint not null default 0,
  bytes_sent bigint,
  bytes_received bigint,
  addresses text[] not null default '{}',
  address_count bigint,
  reported_by_source boolean not null default false,
  reported_by_target boolean not null default false,
  unique (source_node, source_process, target_node, target_process, protocol, port)
);
create index edges_by_source on edges (source_asset);
create index edges_by_target on edges (target_asset);
create index edges_by_end on edges (ended_at);

create table edge_intervals (
  id bigint generated always as identity primary key,
  edge_id bigint not null references edges (id) on delete cascade,
  started_at timestamptz not null,
  ended_at timestamptz
);
create unique index edge_intervals_open on edge_intervals (edge_id) where ended_at is null;
create index edge_intervals_by_edge on edge_intervals (edge_id, started_at);
create index edge_intervals_by_start on edge_intervals (started_at);
create index edge_intervals_by_end on edge_intervals (ended_at);

-- What each sensor says of an edge; several may speak of the same one. Reports with the same nodes, protocol and port are
-- one group, and the group's edges are computed from its reports.
create table edge_reports (
  host_id uuid not null references assets (id),
  key text not null,
  edge_id bigint not null references edges (id) on delete cascade,
  side text not null check (side in ('source', 'target')),
  zone text not null,
  container_key text,
  -- set when the far end is one address, to resolve it again when that address gets an owner
  peer_address text,
  source_node text not null,
  target_node text not null,
  protocol text not null,
  port integer not null,
  -- programs as reported: at the reporter's end, and at the far end where the reporter sees it
  local_process text not null default '',
  peer_process text not null default '',
  published_port integer,
  record jsonb not null,
  live boolean not null,
  started_at timestamptz not null,
  last_seen_at timestamptz not null,
  -- counted since the report belongs to its edge; the record itself starts anew with each start of the sensor
  connections bigint not null default 0,
  bytes_sent bigint,
  bytes_received bigint,
  primary key (host_id, key)
);
create index edge_reports_by_edge on edge_reports (edge_id);
create index edge_reports_by_group on edge_reports (source_node, target_node, protocol, port);
create index edge_reports_by_peer on edge_reports (zone, peer_address) where live;

-- Which node answers at an address, inside a zone. Local ones (bridge networks of a runtime) count for their own host only.
create table node_addresses (
  host_id uuid not null references assets (id),
  zone text not null,
  address text not null,
  node text not null,
  is_local boolean not null,
  primary key (host_id, address, node)
);
create index node_addresses_by_address on node_addresses (zone, address);

-- Ports of a host that lead to a container.
create table published_ports (
  host_id uuid not null references assets (id),
  container_id uuid not null references assets (id),
  protocol text not null,
  host_address text not null,
  host_port integer not null,
  container_port integer not null,
  primary key (host_id, protocol, host_address, host_port, container_id)
);

create table blind_intervals (
  id bigint generated always as identity primary key,
  host_id uuid not null references assets (id),
  -- a collector of the sensor, or 'sensor' when none of it spoke
  collector text not null,
  key text not null,
  started_at timestamptz not null,
  ended_at timestamptz,
  cause text not null,
  unique (host_id, key)
);
create index blind_intervals_by_end on blind_intervals (ended_at);

-- Counted loss, per run of the sensor.
create table losses (
  host_id uuid not null references assets (id),
  run_id uuid not null,
  collector text not null,
  stage text not null,
  cause text not null,
  lost bigint not null,
  first_at timestamptz not null,
  last_at timestamptz not null,
  primary key (host_id, run_id, collector, stage, cause)
);
`.execute(db);
};
