import {
  defaultRetention,
  type RetentionCost,
  type RetentionKind,
  type RetentionPreview,
  type RetentionSettings,
  type RetentionStatus,
  retentionKinds,
} from '@parapet/contract/api';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { readTotals } from '../telemetry/manifest.ts';
import { measureEvents, previewEvents } from '../telemetry/retention.ts';
import { oldestOf, rowBytesOf, rowsWithin } from './estimate.ts';
import { graphCutoff } from './graph-budget.ts';
import { dayMs, daysOf, type TableKind, tablesOf } from './kinds.ts';

const rateDays = 7;
/** A rate of less than this is no rate. */
const leastSpanMs = 3_600_000;

/** What each kind takes and grows by, and what takes the disk; without the disk's own figures. */
export const measureRetention = async (
  db: Database,
  now: Date,
): Promise<Omit<RetentionStatus, 'disk' | 'settings'>> => {
  const hosts = await sql<{ hosts: number }>`
    select count(*) as hosts from assets where kind = 'host' and status <> 'gone'`.execute(db);
  const count = hosts.rows[0]?.hosts ?? 0;
  const kinds: RetentionCost[] = [];
  for (const kind of retentionKinds) kinds.push(await measureKind(db, kind, count, now));
  const takes = await largest(db, [{ name: 'Files of events', bytes: (await readTotals(db)).bytes }]);
  return { defaults: defaultRetention, kinds, hosts: count, measuredAt: now.toISOString(), takes };
};

const measureKind = async (db: Database, kind: RetentionKind, hosts: number, now: Date): Promise<RetentionCost> => {
  const cost = kind === 'telemetry' ? await measureEvents(db, now) : await measureTables(db, kind, now);
  return {
    kind,
    days: daysOf(defaultRetention, kind),
    ...cost,
    ...(hosts === 0 || kind === 'audit' ? {} : { bytesPerHostDay: Math.round(cost.bytesPerDay / hosts) }),
  };
};

const measureTables = async (
  db: Database,
  kind: TableKind,
  now: Date,
): Promise<Awaited<ReturnType<typeof measureEvents>>> => {
  const sum = { rows: 0, bytes: 0, rowsPerDay: 0, bytesPerDay: 0 };
  let oldest: Date | undefined;
  const bytesOf = await rowBytesIn(db, kind);
  for (const table of tablesOf[kind]) {
    const [rows, first] = [await rowsWithin(db, table, {}), await oldestOf(db, table)];
    const rowBytes = bytesOf.get(table.table) ?? 0;
    sum.rows += rows;
    sum.bytes += rows * rowBytes;
    if (first === undefined) continue;
    if (oldest === undefined || first < oldest) oldest = first;
    const from = new Date(Math.max(first.getTime(), now.getTime() - rateDays * dayMs));
    const spanDays = Math.max(leastSpanMs, now.getTime() - from.getTime()) / dayMs;
    const recent = await rowsWithin(db, table, { after: from });
    sum.rowsPerDay += recent / spanDays;
    sum.bytesPerDay += (recent * rowBytes) / spanDays;
  }
  const rounded = Object.fromEntries(Object.entries(sum).map(([name, value]) => [name, Math.round(value)]));
  return {
    ...(rounded as typeof sum),
    ...(oldest === undefined ? {} : { oldest: oldest.toISOString() }),
  };
};

const rowBytesIn = (db: Database, kind: TableKind): Promise<ReadonlyMap<string, number>> =>
  rowBytesOf(
    db,
    tablesOf[kind].map(({ table }) => table),
  );

/** What saving these settings would remove at once. */
export const previewRetention = async (
  db: Database,
  wanted: RetentionSettings,
  now: Date,
): Promise<RetentionPreview> => {
  const deletes: RetentionPreview['deletes'] = [];
  for (const kind of retentionKinds) {
    if (kind === 'telemetry') {
      const gone = await previewEvents(db, { days: wanted.telemetryDays, bytes: wanted.telemetryBytes }, now);
      if (gone !== undefined) deletes.push({ kind, ...gone });
      continue;
    }
    const until =
      kind === 'graph' ? await graphCutoff(db, wanted, now) : new Date(now.getTime() - daysOf(wanted, kind) * dayMs);
    let [rows, bytes] = [0, 0];
    let oldest: Date | undefined;
    let bytesOf: ReadonlyMap<string, number> | undefined;
    for (const table of tablesOf[kind]) {
      const first = await oldestOf(db, table);
      if (first === undefined || first >= until) continue;
      if (oldest === undefined || first < oldest) oldest = first;
      const gone = await rowsWithin(db, table, { before: until });
      rows += gone;
      bytesOf ??= await rowBytesIn(db, kind);
      bytes += gone * (bytesOf.get(table.table) ?? 0);
    }
    if (oldest === undefined) continue;
    const days = Math.round(((until.getTime() - oldest.getTime()) / dayMs) * 10) / 10;
    deletes.push({ kind, rows: Math.round(rows), bytes: Math.round(bytes), days, until: until.toISOString() });
  }
  return { deletes };
};

const names: Readonly<Record<string, string>> = {
  findings: 'Findings',
  finding_history: 'History of findings',
  finding_group_counts: 'Counts of findings',
  asset_packages: 'Packages',
  package_names: 'Names of packages',
  package_history: 'Packages as they were',
  vulnerabilities: 'Vulnerabilities',
  assets: 'Assets',
  sboms: 'SBOMs',
  risk_contexts: 'Reasons of risk',
  processes: 'Processes',
  edges: 'Edges',
  edge_intervals: 'Presence of edges',
  edge_reports: 'Reports of edges',
  audit_log: 'Audit log',
  inventory_records: 'What sensors hold',
  telemetry_accounts: 'Accounts of events',
};
const mostTables = 8;

const largest = async (db: Database, others: RetentionStatus['takes']): Promise<RetentionStatus['takes']> => {
  const { rows } = await sql<{ name: string; bytes: number }>`
    select relname as name, pg_total_relation_size(oid) as bytes from pg_class
    where relkind = 'r' and relnamespace = current_schema()::regnamespace order by 2 desc limit ${mostTables}`.execute(
    db,
  );
  const total = await sql<{ bytes: number }>`select pg_database_size(current_database()) as bytes`.execute(db);
  return [
    { name: 'The database in all', bytes: total.rows[0]?.bytes ?? 0 },
    ...others.filter(({ bytes }) => bytes > 0),
    ...rows.map((row) => ({ name: names[row.name] ?? row.name.replaceAll('_', ' '), bytes: row.bytes })),
  ].sort((a, b) => b.bytes - a.bytes);
};
