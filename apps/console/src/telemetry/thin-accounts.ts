import { sql } from 'kysely';
import type { Database, DatabaseTransaction } from '../database/database.ts';
import { inSlices } from '../database/in-slices.ts';

const quarterMs = 900_000;
/** Younger accounts stay as they are stored, one a minute. */
const wholeMs = 86_400_000;
const sliceRows = 5000;
/** Of each call, which come every 20 s: what is left is done by those that follow. */
const budgetMs = 2000;

/**
 * Of accounts that are older than a day one a quarter of an hour stays of each start of a collector, beside those that tell of a loss
 * and those of a time in which the collector was blind. They are sums, so the last of a quarter says what those before it said.
 * Returns how many went.
 */
export const thinAccounts = async (
  db: Database,
  now: Date,
  limits: { readonly budgetMs: number } = { budgetMs },
): Promise<number> => {
  const end = Math.floor((now.getTime() - wholeMs) / quarterMs) * quarterMs;
  const startedAt = performance.now();
  let removed = 0;
  while (performance.now() - startedAt < limits.budgetMs) {
    const { rows } = await sql<{ done: number; next: number | null }>`
select until::float8 as done,
  (select min(until)::float8 from telemetry_accounts a where a.until >= t.until and a.until < ${end}) as next
from telemetry_thinned t`.execute(db);
    const [place] = rows;
    if (place === undefined || place.done >= end) return removed;
    if (place.next === null) {
      await advance(db, place.done, end);
      return removed;
    }
    const from = Math.floor(place.next / quarterMs) * quarterMs;
    removed += await inSlices(() => thinQuarter(db, from, from + quarterMs), sliceRows);
    await advance(db, place.done, from + quarterMs);
  }
  return removed;
};

/** Called with what is stored: accounts of a sensor that was away for days come late. */
export const moveBackThinned = async (tx: DatabaseTransaction, until: number): Promise<void> => {
  if (!Number.isFinite(until)) return;
  await sql`update telemetry_thinned set until = ${until} where until > ${until}`.execute(tx);
};

/** Unless it was moved back meanwhile. */
const advance = (db: Database, from: number, to: number): Promise<unknown> =>
  sql`update telemetry_thinned set until = ${to} where until = ${from}`.execute(db);

const thinQuarter = async (db: Database, from: number, to: number): Promise<number> => {
  const { numAffectedRows } = await sql`
delete from telemetry_accounts where ctid = any(array(
  select a.ctid from telemetry_accounts a
  where a.until >= ${from} and a.until < ${to} and a.lost = a.lost_before
    and exists (select from telemetry_accounts later where later.host_id = a.host_id and later.collector = a.collector
      and later.since = a.since and later.until > a.until and later.until < ${to})
    and not exists (select from blind_intervals b where b.host_id = a.host_id and b.collector in (a.collector, 'sensor', '*')
      and b.started_at < ${new Date(to)} and (b.ended_at is null or b.ended_at >= ${new Date(from)}))
  limit ${sliceRows}))`.execute(db);
  return Number(numAffectedRows ?? 0n);
};
