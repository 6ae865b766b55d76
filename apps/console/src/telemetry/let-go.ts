import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { GoneCause } from '../database/tables/telemetry.ts';
import { type GoneTotals, retireFiles } from './gone.ts';
import { thinAccounts } from './thin-accounts.ts';

/** How much of the past is kept, in whole files. */
export type EventLimits = { readonly days: number; readonly bytes: number };

/** Room that the disk lacks, to be made by letting events go. */
export type DiskPressure = {
  readonly bytes: number;
  /** Whoever fills the disk must not be able to erase what was seen of it: events younger than this stay. */
  readonly keepMs: number;
};

const dayMs = 86_400_000;

/** Files whose last event is past the days that are kept. */
export const pastTheirDays = (days: number, now: Date): RawBuilder<unknown> =>
  sql`retired_at is null and last_at < ${(now.getTime() - days * dayMs) * 1000}`;

/** The oldest files beyond the bytes that are kept, among those within their days. */
export const beyondTheirBytes = ({ days, bytes }: EventLimits, now: Date): RawBuilder<unknown> => sql`path in (
  select path from (
    select path, sum(bytes) over (order by last_at desc, path) as kept from telemetry_files
    where retired_at is null and last_at >= ${(now.getTime() - days * dayMs) * 1000}
  ) within where kept > ${bytes})`;

/** The oldest files that together make so much room; those that wait to be deleted count already. */
const forRoom = ({ bytes, keepMs }: DiskPressure, now: Date): RawBuilder<unknown> => sql`path in (
  select path from (
    select path, sum(bytes) over (order by last_at, path) - bytes as freed from telemetry_files
    where retired_at is null and last_at < ${(now.getTime() - keepMs) * 1000}
  ) oldest where freed < ${bytes} - (select coalesce(sum(bytes), 0) from telemetry_files where retired_at is not null))`;

/** Lets go what is past its time, too much, or in the way of a disk that is nearly full. */
export const letGo = async (
  db: Database,
  limits: EventLimits,
  pressure: DiskPressure | undefined,
  now: Date,
): Promise<readonly (GoneTotals & { readonly cause: GoneCause })[]> => {
  const wanted: readonly (readonly [GoneCause, RawBuilder<unknown>])[] = [
    ['age', pastTheirDays(limits.days, now)],
    ['size', beyondTheirBytes(limits, now)],
    ...(pressure === undefined ? [] : [['disk', forRoom(pressure, now)] as const]),
  ];
  const gone = [];
  for (const [cause, which] of wanted) gone.push({ cause, ...(await retireFiles(db, which, cause, now)) });
  await forgetAccounts(db, limits.days, now);
  await thinAccounts(db, now);
  return gone.filter(({ files }) => files > 0);
};

/**
 * Accounts are sums: the last one before the span that is kept stays where its start goes on, so that the first within it has its
 * predecessor. Of the newest start of a collector one stays anyhow: it may be told of again.
 */
const forgetAccounts = async (db: Database, days: number, now: Date): Promise<void> => {
  const before = now.getTime() - days * dayMs;
  await sql`
delete from telemetry_accounts a where (host_id, collector, since, until) in (
  select host_id, collector, since, until from telemetry_accounts old
  where until < ${before} and (
    exists (select from telemetry_accounts later where later.host_id = old.host_id and later.collector = old.collector
      and later.since = old.since and later.until > old.until and later.until < ${before})
    or (exists (select from telemetry_accounts later where later.host_id = old.host_id and later.collector = old.collector
        and later.since > old.since)
      and not exists (select from telemetry_accounts later where later.host_id = old.host_id
        and later.collector = old.collector and later.since = old.since and later.until >= ${before})))
  limit 20000)`.execute(db);
};
