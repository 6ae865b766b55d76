import type { LossKind } from '@parapet/contract/api';
import type {
  ContainerRecord,
  EdgeRecord,
  FollowedPolicy,
  HostRecord,
  ImageRecord,
  SensorArchive,
  SensorProgram,
} from '@parapet/contract/wire';
import type { ColumnType, Generated, GeneratedAlways, JSONColumnType } from 'kysely';

type Json<T> = JSONColumnType<T & object, string, string>;
/** bigint columns come back as text; the pool parses them to numbers (all of ours stay below 2^53). */
type Big = ColumnType<number, number | string, number | string>;
type Labels = Json<Readonly<Record<string, string>>>;

export type EnrolmentKeysTable = {
  id: string;
  name: string;
  secret_hash: Buffer;
  zone: string;
  labels: Labels;
  created_by: string;
  created_at: Date;
  expires_at: Date;
  max_uses: number | null;
  uses: Generated<number>;
  revoked_at: Date | null;
};

export type AssetsTable = {
  id: string;
  kind: 'host' | 'container' | 'image' | 'upload';
  host_id: string | null;
  key: string;
  name: string;
  status: 'running' | 'stopped' | 'unknown' | 'gone' | 'present';
  image_id: string | null;
  parent_id: string | null;
  zone: string | null;
  runtime_labels: Labels;
  people_labels: Labels;
  effective_labels: GeneratedAlways<Readonly<Record<string, string>>>;
  record: Json<HostRecord | ContainerRecord | ImageRecord | Record<string, never>>;
  first_seen_at: Date;
  last_seen_at: Date;
  ended_at: Date | null;
  risk: number | null;
  findings_critical: Generated<number>;
  findings_high: Generated<number>;
  findings_medium: Generated<number>;
  findings_low: Generated<number>;
  exposure: Generated<'internet' | 'zones' | 'own-network' | 'none-seen' | 'unknown'>;
  scanned_at: Date | null;
};

export type ImageLocationsTable = {
  image_id: string;
  host_id: string;
  record: Json<ImageRecord>;
  first_seen_at: Date;
  last_seen_at: Date;
  ended_at: Date | null;
};

export type AssetIntervalsTable = {
  id: GeneratedAlways<number>;
  asset_id: string;
  started_at: Date;
  ended_at: Date | null;
  end_inferred: Generated<boolean>;
  told_start: Generated<number | null>;
  start_inferred: Generated<boolean>;
};

export type SensorsTable = {
  host_id: string;
  version: string;
  presence: 'online' | 'unknown' | 'stopped' | 'revoked' | 'removed';
  presence_since: Date;
  last_seen_at: Date | null;
  enrolled_at: Date;
  enrolment: 'new' | 'same' | 'taken-over' | 'clone';
  machine_id: string | null;
  dmi_uuid: string | null;
  cloud_instance_id: string | null;
  address: string | null;
  certificate_serial: string;
  boot_id: string | null;
  run_id: string | null;
  stream_epoch: Generated<number>;
  stream_seq: Generated<number>;
  snapshot_open: Generated<boolean>;
  skew_ms: Generated<number>;
  rss_bytes: number | null;
  anonymous_bytes: number | null;
  cpu_cores: number | null;
  queued: Generated<number>;
  queue_age_ms: Generated<number>;
  refused_frames: Generated<number>;
  in_sync: boolean | null;
  program: JSONColumnType<SensorProgram, string, string> | null;
  telemetry_policy: JSONColumnType<FollowedPolicy, string, string> | null;
};

export type SensorRolloutsTable = {
  id: string;
  requested_by: string;
  created_at: Date;
  state: 'running' | 'done' | 'stopped';
  message: string | null;
  ended_at: Date | null;
};

export type SensorUpgradesTable = {
  id: string;
  rollout_id: string;
  host_id: string;
  from_version: string;
  archive: Json<SensorArchive>;
  state: 'waiting' | 'sent' | 'running' | 'done' | 'failed' | 'cancelled' | 'expired';
  step: string | null;
  progress: number | null;
  reason: string | null;
  message: string | null;
  started_at: Date | null;
  ended_at: Date | null;
  deadline: Date;
};

export type SensorCertificatesTable = {
  serial: string;
  host_id: string;
  key_fingerprint: string;
  issued_at: Date;
  not_after: Date;
  used_at: Date | null;
  revoked_at: Date | null;
  revoked_reason: string | null;
};

export type CollectorsTable = {
  host_id: string;
  name: string;
  state: 'running' | 'degraded' | 'refused' | 'failed';
  source: string;
  reason: string | null;
  since: Date;
};

export type InventoryRecordsTable = {
  host_id: string;
  kind: string;
  key: string;
  epoch: number;
  hash: string;
};

export type ProcessesTable = {
  id: GeneratedAlways<number>;
  host_id: string;
  boot_id: string;
  key: string;
  container_key: string | null;
  container_id: string | null;
  pid: number;
  parent_key: string | null;
  name: string;
  executable: string;
  arguments: Json<readonly string[]>;
  uid: Big;
  user_name: string | null;
  capabilities: string | null;
  loaded_files: Json<readonly string[]>;
  exit_code: number | null;
  started_at: Date;
  ended_at: Date | null;
  end_inferred: Generated<boolean>;
};

export type ListenersTable = {
  id: GeneratedAlways<number>;
  host_id: string;
  key: string;
  container_key: string | null;
  container_id: string | null;
  process_key: string | null;
  executable: string | null;
  protocol: 'tcp' | 'udp';
  address: string;
  port: number;
  started_at: Date;
  ended_at: Date | null;
  told_start: Generated<number | null>;
};

export type EdgesTable = {
  id: GeneratedAlways<number>;
  source_node: string;
  source_process: Generated<string>;
  target_node: string;
  target_process: Generated<string>;
  protocol: 'tcp' | 'udp';
  port: number;
  published_port: number | null;
  source_asset: string | null;
  target_asset: string | null;
  first_seen_at: Date;
  last_seen_at: Date;
  ended_at: Date | null;
  connections: Generated<number>;
  bytes_sent: number | null;
  bytes_received: number | null;
  addresses: Generated<string[]>;
  address_count: number | null;
  reported_by_source: Generated<boolean>;
  reported_by_target: Generated<boolean>;
};

export type EdgeIntervalsTable = {
  id: GeneratedAlways<number>;
  edge_id: number;
  started_at: Date;
  ended_at: Date | null;
};

export type EdgeReportsTable = {
  host_id: string;
  key: string;
  edge_id: number;
  side: 'source' | 'target';
  zone: string;
  container_key: string | null;
  peer_address: string | null;
  source_node: string;
  target_node: string;
  protocol: 'tcp' | 'udp';
  port: number;
  local_process: Generated<string>;
  peer_process: Generated<string>;
  published_port: number | null;
  record: Json<EdgeRecord>;
  live: boolean;
  started_at: Date;
  last_seen_at: Date;
  connections: Generated<number>;
  bytes_sent: number | null;
  bytes_received: number | null;
};

export type NodeAddressesTable = {
  host_id: string;
  zone: string;
  address: string;
  node: string;
  is_local: boolean;
};

export type PublishedPortsTable = {
  host_id: string;
  container_id: string;
  protocol: 'tcp' | 'udp' | 'sctp';
  host_address: string;
  host_port: number;
  container_port: number;
};

export type BlindIntervalsTable = {
  id: GeneratedAlways<number>;
  host_id: string;
  collector: string;
  key: string;
  started_at: Date;
  ended_at: Date | null;
  cause: string;
};

export type LossesTable = {
  host_id: string;
  run_id: string;
  collector: string;
  stage: string;
  cause: string;
  kind: Generated<LossKind>;
  lost: number;
  first_at: Date;
  last_at: Date;
};

export type InventoryTables = {
  enrolment_keys: EnrolmentKeysTable;
  assets: AssetsTable;
  image_locations: ImageLocationsTable;
  asset_intervals: AssetIntervalsTable;
  sensors: SensorsTable;
  sensor_rollouts: SensorRolloutsTable;
  sensor_upgrades: SensorUpgradesTable;
  sensor_certificates: SensorCertificatesTable;
  collectors: CollectorsTable;
  inventory_records: InventoryRecordsTable;
  processes: ProcessesTable;
  listeners: ListenersTable;
  edges: EdgesTable;
  edge_intervals: EdgeIntervalsTable;
  edge_reports: EdgeReportsTable;
  node_addresses: NodeAddressesTable;
  published_ports: PublishedPortsTable;
  blind_intervals: BlindIntervalsTable;
  losses: LossesTable;
};
