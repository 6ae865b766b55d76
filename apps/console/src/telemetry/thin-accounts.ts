import { sql } from 'kysely';
import type { Database, DatabaseTransaction } from '../database/database.ts';
import { inSlices } from '../database/in-slices.ts';

const quarterMs = 900_000;
/** Younger accounts stay as they are stored, one a minute. */
const wholeMs = 86_400_000;
/** Of each call, which come every 20 s, for what is due and as much for what came late: what is left is done by those that follow. */
const limitsDefault = { budgetMs: 1000, sliceRows: 5000 };

type Limits = { readonly budgetMs: number; readonly sliceRows: number };
type Slice = { readonly from: number; readonly to: number; readonly rows: number };

/**
 * Of accounts that are older than a day one a quarter of an hour stays of each start of a collector, beside those that tell of a loss
 * and those of a time in which the collector was blind. They are sums, so the last of a quarter says what those before it said.
 * Returns how many went.
 */
export const thinAccounts = async (db: Database, now: Date, limits: Limits = limitsDefault): Promise<number> =>
  (await thinAll(db, now, limits)) + (await thinLate(db, now, limits));

/**
 * Called with what is stored: what a host tells of a time that is thinned already is thinned for itself, so that a host that goes on
 * telling old times does not keep those of all others from being thinned.
 */
export const noteLate = async (
  tx: DatabaseTransaction,
  stored: readonly { readonly hostId: string; readonly until: number }[],
  at: Date,
): Promise<void> => {
  if (stored.length === 0) return;
  const input = stored.map(({ hostId, until }) => ({ host_id: hostId, until }));
  await sql`
insert into telemetry_late (host_id, since, times, due_at)
select x.host_id, min(x.until), 1, ${new Date(at.getTime() + quarterMs)}
from jsonb_to_recordset(${JSON.stringify(input)}::jsonb) as x (host_id uuid, until bigint), telemetry_thinned t
where x.until < t.until group by x.host_id order by x.host_id
on conflict (host_id) do update
  set since = least(telemetry_late.since, excluded.since), times = telemetry_late.times + 1`.execute(tx);
};

/** A quarter after the other, of all hosts, up to a day ago; back to there after the console's own clock was ahead. */
const thinAll = async (db: Database, now: Date, limits: Limits): Promise<number> => {
  const end = quarterOf(now.getTime() - wholeMs);
  const startedAt = performance.now();
  let removed = 0;
  do {
    const { rows } = await sql<{ done: number; next: number | null }>`
select until::float8 as done,
  (select min(until)::float8 from telemetry_accounts a where a.until >= t.until and a.until < ${end}) as next
from telemetry_thinned t`.execute(db);
    const [place] = rows;
    if (place === undefined || place.done === end) break;
    const from = place.next === null ? end : quarterOf(place.next);
    const to = place.next === null ? end : from + quarterMs;
    removed += await inSlices(() => thinSlice(db, { from, to, rows: limits.sliceRows }), limits.sliceRows);
    await sql`update telemetry_thinned set until = ${to}`.execute(db);
  } while (performance.now() - startedAt < limits.budgetMs);
  return removed;
};

/** What came late, host by host: once a quarter of an hour each, and a slice at a time, whoever waits longest first. */
const thinLate = async (db: Database, now: Date, limits: Limits): Promise<number> => {
  const startedAt = performance.now();
  let removed = 0;
  do {
    const { rows } = await sql<{ host_id: string; since: number; times: number; done: number }>`
select l.host_id, l.since::float8 as since, l.times::float8 as times, t.until::float8 as done
from telemetry_late l, telemetry_thinned t where l.due_at <= ${now} order by l.due_at, l.host_id limit 1`.execute(db);
    const [late] = rows;
    if (late === undefined) break;
    const slice = { from: quarterOf(late.since), to: late.done, rows: limits.sliceRows };
    const went = await thinSlice(db, slice, late.host_id);
    removed += went;
    const isDone = went < slice.rows;
    if (isDone)
      await sql`delete from telemetry_late where host_id = ${late.host_id} and times = ${late.times}`.execute(db);
    // The rest of its slices come after those of all who wait already; what came meanwhile a quarter later.
    const dueAt = new Date(now.getTime() + (isDone ? quarterMs : 0));
    await sql`update telemetry_late set due_at = ${dueAt} where host_id = ${late.host_id}`.execute(db);
  } while (performance.now() - startedAt < limits.budgetMs);
  return removed;
};

const quarterOf = (timeMs: number): number => Math.floor(timeMs / quarterMs) * quarterMs;

/** Of whole quarters. */
const thinSlice = async (db: Database, { from, to, rows }: Slice, hostId?: string): Promise<number> => {
  const quarter = sql`a.until / ${quarterMs}::bigint`;
  const { numAffectedRows } = await sql`
delete from telemetry_accounts where ctid = any(array(
  select a.ctid from telemetry_accounts a
  where a.until >= ${from} and a.until < ${to} and a.lost = a.lost_before
    ${hostId === undefined ? sql`` : sql`and a.host_id = ${hostId}`}
    and exists (select from telemetry_accounts later where later.host_id = a.host_id and later.collector = a.collector
      and later.since = a.since and later.until > a.until and later.until < (${quarter} + 1) * ${quarterMs})
    and not exists (select from blind_intervals b where b.host_id = a.host_id and b.collector in (a.collector, 'sensor', '*')
      and b.started_at < to_timestamp((${quarter} + 1) * ${quarterMs / 1000})
      and (b.ended_at is null or b.ended_at >= to_timestamp(${quarter} * ${quarterMs / 1000})))
  limit ${rows}))`.execute(db);
  return Number(numAffectedRows ?? 0n);
};
