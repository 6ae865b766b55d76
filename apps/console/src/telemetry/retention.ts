import type { RetentionCost, RetentionPreview } from '@parapet/contract/api';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { beyondTheirBytes, type EventLimits, pastTheirDays } from './let-go.ts';

const dayMs = 86_400_000;
const rateDays = 7;
/** A rate of less than this is no rate. */
const leastSpanMs = 3_600_000;

type Cost = Omit<RetentionCost, 'kind' | 'days' | 'bytesPerHostDay'>;

/** What the files of events take and grow by, in rows and bytes as they lie on the disk. */
export const measureEvents = async (db: Database, now: Date): Promise<Cost> => {
  const recent = (now.getTime() - rateDays * dayMs) * 1000;
  const { rows } = await sql<Record<'rows' | 'bytes' | 'recent_rows' | 'recent_bytes' | 'first_at', number | null>>`
select sum(rows)::float8 as rows, sum(bytes)::float8 as bytes, min(first_at)::float8 as first_at,
  sum(rows) filter (where last_at >= ${recent})::float8 as recent_rows,
  sum(bytes) filter (where last_at >= ${recent})::float8 as recent_bytes
from telemetry_files where retired_at is null`.execute(db);
  const [found] = rows;
  if (found?.first_at == null) return { rows: 0, bytes: 0, rowsPerDay: 0, bytesPerDay: 0 };
  const firstMs = found.first_at / 1000;
  const spanDays = Math.max(leastSpanMs, Math.min(rateDays * dayMs, now.getTime() - firstMs)) / dayMs;
  return {
    rows: found.rows ?? 0,
    bytes: found.bytes ?? 0,
    rowsPerDay: Math.round((found.recent_rows ?? 0) / spanDays),
    bytesPerDay: Math.round((found.recent_bytes ?? 0) / spanDays),
    oldest: new Date(firstMs).toISOString(),
  };
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
  return { rows: found.rows ?? 0, bytes: found.bytes ?? 0, days, until };
};
