import type { RetentionCost, RetentionPreview } from '@parapet/contract/api';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { rowBytesOf, rowsWithin } from '../retention/estimate.ts';
import { beyondTheirBytes, type EventLimits, pastTheirDays } from './let-go.ts';

const dayMs = 86_400_000;
const rateDays = 7;
/** A rate of less than this is no rate. */
const leastSpanMs = 3_600_000;

type Cost = Omit<RetentionCost, 'kind' | 'days' | 'bytesPerHostDay'>;

/** Older ones are thinned, so that a day takes less with time: what the last days took on average is what one takes. */
const accounts = { table: 'telemetry_accounts', endedAt: 'received_at', key: 'ctid' } as const;

/** What events take and grow by: their files as they lie on the disk, and the bytes of their accounts in the database. */
export const measureEvents = async (db: Database, now: Date): Promise<Cost> => {
  const recent = (now.getTime() - rateDays * dayMs) * 1000;
  const { rows } = await sql<Record<'rows' | 'bytes' | 'recent_rows' | 'recent_bytes' | 'first_at', number | null>>`
select sum(rows)::float8 as rows, sum(bytes)::float8 as bytes, min(first_at)::float8 as first_at,
  sum(rows) filter (where last_at >= ${recent})::float8 as recent_rows,
  sum(bytes) filter (where last_at >= ${recent})::float8 as recent_bytes
from telemetry_files where retired_at is null`.execute(db);
  const [found] = rows;
  const accountBytes = await bytesOfAccounts(db, {});
  if (found?.first_at == null) return { rows: 0, bytes: accountBytes, rowsPerDay: 0, bytesPerDay: 0 };
  const firstMs = found.first_at / 1000;
  const spanDays = Math.max(leastSpanMs, Math.min(rateDays * dayMs, now.getTime() - firstMs)) / dayMs;
  const recentAccounts = await bytesOfAccounts(db, { after: new Date(now.getTime() - rateDays * dayMs) });
  return {
    rows: found.rows ?? 0,
    bytes: (found.bytes ?? 0) + accountBytes,
    rowsPerDay: Math.round((found.recent_rows ?? 0) / spanDays),
    bytesPerDay: Math.round(((found.recent_bytes ?? 0) + recentAccounts) / spanDays),
    oldest: new Date(firstMs).toISOString(),
  };
};

const bytesOfAccounts = async (db: Database, span: Parameters<typeof rowsWithin>[2]): Promise<number> => {
  const rows = await rowsWithin(db, accounts, span);
  return Math.round(rows * ((await rowBytesOf(db, [accounts.table])).get(accounts.table) ?? 0));
};

/** What these limits would let go at once; undefined when that is nothing. */
export const previewEvents = async (
  db: Database,
  limits: EventLimits,
  now: Date,
): Promise<Omit<RetentionPreview['deletes'][number], 'kind'> | undefined> => {
  const goes: RawBuilder<unknown> = sql`(${pastTheirDays(limits.days, now)}) or (${beyondTheirBytes(limits, now)})`;
  const { rows } = await sql<Record<'rows' | 'bytes' | 'first_at' | 'last_at', number | null>>`
select sum(rows)::float8 as rows, sum(bytes)::float8 as bytes, min(first_at)::float8 as first_at, max(last_at)::float8 as last_at
from telemetry_files where ${goes}`.execute(db);
  const [found] = rows;
  if (found?.first_at == null || found.last_at === null) return undefined;
  const days = Math.round((found.last_at - found.first_at) / 1000 / (dayMs / 10)) / 10;
  const until = new Date(Math.ceil(found.last_at / 1000)).toISOString();
  const accountBytes = await bytesOfAccounts(db, { before: new Date(now.getTime() - limits.days * dayMs) });
  return { rows: found.rows ?? 0, bytes: (found.bytes ?? 0) + accountBytes, days, until };
};
