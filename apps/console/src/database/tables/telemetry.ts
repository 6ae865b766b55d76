import type { ColumnType, JSONColumnType } from 'kysely';

/** bigint columns come back as text; the pool parses them to numbers (all of ours stay below 2^53). */
type Big = ColumnType<number, number | string, number | string>;

export type TelemetryFilesTable = {
  path: string;
  rows: Big;
  bytes: Big;
  first_at: Big;
  last_at: Big;
  hosts: string[];
  stored_at: Date;
  retired_at: Date | null;
};

export type TelemetryProgressTable = { singleton: ColumnType<boolean, boolean | undefined, never>; segment: Big };

export type TelemetryPositionsTable = { host_id: string; epoch: Big; seq: Big };

export type TelemetryAccountsTable = {
  host_id: string;
  collector: string;
  since: Big;
  until: Big;
  produced: Big;
  told: Big;
  unwanted: Big;
  lost: Big;
  losses: JSONColumnType<
    readonly { readonly stage: string; readonly cause: string; readonly count: number }[],
    string,
    string
  >;
  received_at: Date;
  began: Big;
  lost_before: Big;
};

export type TelemetryWatchedTable = { host_id: string; collector: string; since: Big };

export type TelemetryThinnedTable = { singleton: ColumnType<boolean, boolean | undefined, never>; until: Big };

export type TelemetryLateTable = { host_id: string; since: Big; times: Big; due_at: Date };

export type GoneCause = 'age' | 'size' | 'disk' | 'restore' | 'missing';

export type TelemetryGoneTable = {
  cause: GoneCause;
  day: string;
  first_at: Big;
  last_at: Big;
  rows: Big;
  bytes: Big;
};

export type SavedHuntsTable = {
  id: string;
  name: string;
  q: string;
  minutes: number;
  columns: string[];
  created_by: string;
  created_at: Date;
};

export type TelemetryPoliciesTable = {
  version: number;
  rules: JSONColumnType<readonly object[], string, string>;
  created_at: Date;
  created_by: string;
};

export type TelemetryTables = {
  saved_hunts: SavedHuntsTable;
  telemetry_files: TelemetryFilesTable;
  telemetry_progress: TelemetryProgressTable;
  telemetry_positions: TelemetryPositionsTable;
  telemetry_accounts: TelemetryAccountsTable;
  telemetry_watched: TelemetryWatchedTable;
  telemetry_thinned: TelemetryThinnedTable;
  telemetry_late: TelemetryLateTable;
  telemetry_gone: TelemetryGoneTable;
  telemetry_policies: TelemetryPoliciesTable;
};
