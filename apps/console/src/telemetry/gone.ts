import type { HuntGap, Scope } from '@parapet/contract/api';
import { type RawBuilder, sql } from 'kysely';
import type { Database, DatabaseTransaction } from '../database/database.ts';
import type { GoneCause } from '../database/tables/telemetry.ts';

/** Events that were let go, by the files that held them. */
export type GoneTotals = { readonly files: number; readonly rows: number; readonly bytes: number };

/**
 * Lets files of events go, and remembers of which span and how many events: a search that reaches back to them says so. The
 * files themselves are deleted once no search can be reading them.
 */
export const retireFiles = (
  db: Database | DatabaseTransaction,
  which: RawBuilder<unknown>,
  cause: GoneCause,
  at: Date,
): Promise<GoneTotals> => record(db, sql`update telemetry_files set retired_at = ${at} where ${which}`, cause);

/** The same for files that are not there any more. */
export const forgetGone = (
  db: Database | DatabaseTransaction,
  which: RawBuilder<unknown>,
  cause: GoneCause,
): Promise<GoneTotals> => record(db, sql`delete from telemetry_files where ${which}`, cause);

const record = async (
  db: Database | DatabaseTransaction,
  statement: RawBuilder<unknown>,
  cause: GoneCause,
): Promise<GoneTotals> => {
  const { rows } = await sql<{ files: number; rows: number; bytes: number }>`
with gone as (${statement} returning rows, bytes, first_at, last_at),
noted as (
  insert into telemetry_gone (cause, day, first_at, last_at, rows, bytes)
  select ${cause}, (to_timestamp(last_at / 1e6) at time zone 'UTC')::date as day, min(first_at), max(last_at), sum(rows), sum(bytes)
  from gone group by day
  on conflict (cause, day) do update set first_at = least(telemetry_gone.first_at, excluded.first_at),
    last_at = greatest(telemetry_gone.last_at, excluded.last_at),
    rows = telemetry_gone.rows + excluded.rows, bytes = telemetry_gone.bytes + excluded.bytes
)
select count(*) as files, coalesce(sum(rows), 0)::bigint as rows, coalesce(sum(bytes), 0)::bigint as bytes from gone`.execute(
    db,
  );
  const [totals] = rows;
  return { files: Number(totals?.files ?? 0), rows: Number(totals?.rows ?? 0), bytes: Number(totals?.bytes ?? 0) };
};

/** What was let go of a span of time (milliseconds), newest first. How much it was only who sees all hosts is told. */
export const readGone = async (
  db: Database,
  { from, to }: { readonly from: number; readonly to: number },
  scope: Scope,
): Promise<HuntGap[]> => {
  const found = await db
    .selectFrom('telemetry_gone')
    .select(['cause', 'first_at', 'last_at', 'rows'])
    .where('last_at', '>=', from * 1000)
    .where('first_at', '<', to * 1000)
    .orderBy('last_at', 'desc')
    .limit(maxDays)
    .execute();
  const spans: Span[] = [];
  for (const { cause, first_at, last_at, rows } of found) {
    const earlier = { cause, first: Number(first_at), last: Number(last_at), rows: Number(rows) };
    // Days of one cause that follow each other are one span, and so are the oldest where there would be too many.
    const isFull = spans.length >= maxSpans;
    const at = spans.findLastIndex((span) => span.cause === cause && (isFull || span.first - earlier.last < dayUs));
    const span = spans[at];
    if (span === undefined) spans.push(earlier);
    else spans[at] = { ...span, first: Math.min(span.first, earlier.first), rows: span.rows + earlier.rows };
  }
  return spans.map(({ cause, first, last, rows }) => ({
    collector: 'store',
    from: new Date(Math.floor(first / 1000)).toISOString(),
    to: new Date(Math.ceil(last / 1000)).toISOString(),
    ...(scope === null ? { deleted: rows } : {}),
    cause: causes[cause],
  }));
};

type Span = { readonly cause: GoneCause; readonly first: number; readonly last: number; readonly rows: number };

const dayUs = 86_400_000_000;
const maxDays = 1000;
/** Some more when the oldest are of other causes: few, as an answer has room for them beside losses, blind spans and policies. */
const maxSpans = 40;

const causes: Readonly<Record<GoneCause, string>> = {
  age: 'deleted by retention: older than the days for which events are kept',
  size: 'deleted by retention: more than the bytes that events may take',
  disk: 'deleted to make room: the console’s disk was nearly full',
  restore: 'not in the backup from which this console was restored',
  missing: 'their files were not there when the console started',
};
