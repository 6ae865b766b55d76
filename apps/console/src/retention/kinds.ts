import type { RetentionKind, RetentionSettings } from '@parapet/contract/api';
import { type RawBuilder, sql } from 'kysely';

/** A table whose rows are over at a time, and go once that is long enough ago. */
export type AgingTable = {
  readonly table: string;
  /** The column that says when a row was over. */
  readonly endedAt: string;
  readonly key: 'id' | 'ctid';
  /** What else must hold for a row to go. */
  readonly only?: RawBuilder<unknown>;
};

/** The graph's past, in the order in which it goes: spans before their edges. */
export const graphTables: readonly AgingTable[] = [
  { table: 'edge_intervals', endedAt: 'ended_at', key: 'id' },
  { table: 'edges', endedAt: 'ended_at', key: 'id' },
  { table: 'processes', endedAt: 'ended_at', key: 'id' },
  { table: 'listeners', endedAt: 'ended_at', key: 'id' },
  { table: 'asset_intervals', endedAt: 'ended_at', key: 'id' },
  { table: 'blind_intervals', endedAt: 'ended_at', key: 'id' },
  { table: 'losses', endedAt: 'last_at', key: 'ctid' },
  { table: 'edge_reports', endedAt: 'last_seen_at', key: 'ctid', only: sql`not live` },
  { table: 'image_locations', endedAt: 'ended_at', key: 'ctid' },
];

/** What is kept in tables; events lie in files. */
export type TableKind = Exclude<RetentionKind, 'telemetry'>;

export const tablesOf: Readonly<Record<TableKind, readonly AgingTable[]>> = {
  graph: graphTables,
  'closed-findings': [{ table: 'findings', endedAt: 'closed_at', key: 'id' }],
  scans: [
    {
      table: 'scans',
      endedAt: 'created_at',
      key: 'id',
      only: sql`state not in ('waiting', 'sent', 'running')`,
    },
    { table: 'risk_days', endedAt: 'day', key: 'ctid' },
    { table: 'risk_hours', endedAt: 'at', key: 'ctid' },
  ],
  audit: [{ table: 'audit_log', endedAt: 'at', key: 'id' }],
};

export const daysOf = (settings: RetentionSettings, kind: RetentionKind): number =>
  ({
    graph: settings.graphDays,
    'closed-findings': settings.closedFindingsDays,
    scans: settings.scansDays,
    audit: settings.auditDays,
    telemetry: settings.telemetryDays,
  })[kind];

export const dayMs = 86_400_000;
