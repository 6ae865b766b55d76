import type { EventAccount, ResultOf } from '@parapet/contract/api';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { roundStep } from './round-step.ts';

type Span = { readonly from: number; readonly to: number };
type Accounts = Pick<ResultOf<'hunt.accounts'>, 'collectors' | 'stepMs' | 'buckets'>;

/**
 * What became of a host's events in a span of time (milliseconds), from the sums that its collectors tell. A sum that was told
 * within the span counts as far as it grew since the one before it, so what it says may have begun a little earlier.
 */
export const readAccounts = async (
  db: Database,
  hostId: string,
  { from, to }: Span,
  steps: number,
): Promise<Accounts> => {
  const stepMs = roundStep((to - from) / steps);
  const [{ rows }, ends] = await Promise.all([
    // Sums of one start only grow, so the largest of a step is its last.
    sql<StepRow>`
with inside as (
  select collector, since, until / ${stepMs}::bigint as step, false as before,
    max(produced) as produced, max(told) as told, max(unwanted) as unwanted, max(lost) as lost
  from telemetry_accounts where host_id = ${hostId} and until >= ${from} and until < ${to}
  group by 1, 2, 3
)
select * from inside
union all
select starts.collector, starts.since, 0, true, last.produced, last.told, last.unwanted, last.lost
from (select distinct collector, since from inside) starts
cross join lateral (
  select produced, told, unwanted, lost from telemetry_accounts a
  where a.host_id = ${hostId} and a.collector = starts.collector and a.since = starts.since and a.until < ${from}
  order by a.until desc limit 1
) last
order by 1, 2, 4 desc, 3 limit ${maxSteps}`.execute(db),
    readEnds(db, hostId, { from, to }),
  ]);
  const sums = new Map<string, Omit<EventAccount, 'collector' | 'losses'>>();
  const buckets = new Map<number, { produced: number; lost: number }>();
  let last: StepRow | undefined;
  for (const row of rows) {
    const earlier = last?.collector === row.collector && last.since === row.since ? last : nothing;
    last = row;
    if (row.before) continue;
    const grown = growthOf(row, earlier);
    const sum = sums.get(row.collector) ?? nothing;
    sums.set(row.collector, addUp(sum, grown));
    const at = Number(row.step) * stepMs;
    const bucket = buckets.get(at) ?? { produced: 0, lost: 0 };
    buckets.set(at, { produced: bucket.produced + grown.produced, lost: bucket.lost + grown.lost });
  }
  return {
    stepMs,
    collectors: [...sums].slice(0, maxCollectors).map(([collector, sum]) => ({
      ...{ collector, ...sum },
      losses: ends.get(collector) ?? [],
    })),
    buckets: [...buckets]
      .toSorted(([a], [b]) => a - b)
      .slice(-maxBuckets)
      .map(([at, counts]) => ({ at: new Date(at).toISOString(), ...counts })),
  };
};

export type Losses = EventAccount['losses'];

/** By how much sums of losses grew, most first. */
export const lossesSince = (now: Losses, before: Losses): Losses =>
  now
    .map(({ stage, cause, count }) => {
      const earlier = before.find((each) => each.stage === stage && each.cause === cause)?.count ?? 0;
      return { stage, cause, count: count - earlier };
    })
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => b.count - a.count);

/** More than a span of many starts and collectors can have. */
const maxSteps = 20_000;
const maxCollectors = 100;
const maxBuckets = 500;
const maxLosses = 100;

/** The losses by stage and cause of each start: its last account within the span against its last one before it. */
const readEnds = async (db: Database, hostId: string, { from, to }: Span): Promise<Map<string, Losses>> => {
  const { rows } = await sql<{ collector: string; now: Losses; earlier: Losses | null }>`
select starts.collector, last.losses as now, before.losses as earlier
from (
  select distinct collector, since from telemetry_accounts
  where host_id = ${hostId} and until >= ${from} and until < ${to} and lost > 0
) starts
cross join lateral (
  select losses from telemetry_accounts a
  where a.host_id = ${hostId} and a.collector = starts.collector and a.since = starts.since and a.until < ${to}
  order by a.until desc limit 1
) last
left join lateral (
  select losses from telemetry_accounts a
  where a.host_id = ${hostId} and a.collector = starts.collector and a.since = starts.since and a.until < ${from}
  order by a.until desc limit 1
) before on true limit ${maxSteps}`.execute(db);
  const byCollector = new Map<string, Losses>();
  for (const { collector, now, earlier } of rows)
    byCollector.set(collector, merge(byCollector.get(collector) ?? [], lossesSince(now, earlier ?? [])));
  return byCollector;
};

const merge = (known: Losses, more: Losses): Losses => {
  const counts = new Map<string, Losses[number]>();
  for (const loss of [...known, ...more]) {
    const key = JSON.stringify([loss.stage, loss.cause]);
    counts.set(key, { ...loss, count: loss.count + (counts.get(key)?.count ?? 0) });
  }
  return [...counts.values()].toSorted((a, b) => b.count - a.count).slice(0, maxLosses);
};

type Counts = Omit<EventAccount, 'collector' | 'losses'>;
type StepRow = Counts & {
  readonly collector: string;
  readonly since: number;
  readonly step: number;
  readonly before: boolean;
};

const nothing: Counts = { produced: 0, told: 0, unwanted: 0, lost: 0 };

const growthOf = (row: Counts, earlier: Counts): Counts => ({
  produced: Number(row.produced) - Number(earlier.produced),
  told: Number(row.told) - Number(earlier.told),
  unwanted: Number(row.unwanted) - Number(earlier.unwanted),
  lost: Number(row.lost) - Number(earlier.lost),
});

const addUp = (a: Counts, b: Counts): Counts => ({
  produced: a.produced + b.produced,
  told: a.told + b.told,
  unwanted: a.unwanted + b.unwanted,
  lost: a.lost + b.lost,
});
