import type { TelemetryAccount } from '@parapet/contract/telemetry';
import { sql } from 'kysely';
import type { DatabaseTransaction } from '../database/database.ts';
import { eventCollectors } from './event-collectors.ts';
import { noteLate } from './thin-accounts.ts';

type ToldAccount = { readonly hostId: string; readonly account: TelemetryAccount };

/**
 * Takes accounts into the store, one a minute of each start of a collector. They are sums and only grow, so the last of a minute says
 * what those before it said; a busy host tells one every few seconds, and a thousand of them would fill the database with them.
 */
export const storeAccounts = async (tx: DatabaseTransaction, told: readonly ToldAccount[], at: Date): Promise<void> => {
  if (told.length === 0) return;
  const starts = byStart(told);
  const stored = await readLast(tx, [...starts.values()]);
  const rows: Row[] = [];
  for (const [start, accounts] of starts) rows.push(...chainOf(accounts, stored.get(start)));
  await writeRows(tx, rows, at);
  await writeWatched(
    tx,
    rows.filter(({ began, until, told }) => began === Math.min(told.account.since, until)),
  );
  await noteLate(
    tx,
    rows.map(({ told, until }) => ({ hostId: told.hostId, until })),
    at,
  );
  await writeLosses(tx, [...starts.values()], at);
};

/** The collector under which the console accounts for what it could not take from a host. */
export const consoleCollector = 'console';

/** Lines of a host that were no events: each conversion is a start of its own. */
export const accountOfRefused = (
  { hostId, lines }: { readonly hostId: string; readonly lines: number },
  at: Date,
): ToldAccount => ({
  hostId,
  account: {
    kind: 'account',
    collector: consoleCollector,
    ...{ since: at.getTime(), to: at.getTime(), produced: 0, told: 0, unwanted: 0 },
    lost: [{ stage: 'ingest', cause: 'no event of a known shape', count: lines }],
  },
});

const minuteMs = 60_000;

/** What was lost until the account before, and when that was. */
type Before = {
  readonly until: number;
  readonly produced: number;
  readonly lost: number;
  readonly began: number;
  readonly lostBefore: number;
};
type Row = Before & {
  readonly told: ToldAccount;
  /** The end of the stored one whose place it takes. */
  readonly replaces?: number;
};

const startOf = (hostId: string, collector: string, since: number): string =>
  JSON.stringify([hostId, collector, since]);

const byStart = (told: readonly ToldAccount[]): ReadonlyMap<string, readonly ToldAccount[]> =>
  Map.groupBy(told, ({ hostId, account: { collector, since } }) => startOf(hostId, collector, since));

const lostOf = ({ lost }: TelemetryAccount): number => lost.reduce((sum, { count }) => sum + count, 0);

/** Sums only grow, so those that are larger were told later, whatever the clock said. */
const isLater = (account: TelemetryAccount, last: Before): boolean =>
  account.produced + lostOf(account) > last.produced + last.lost;

/** The rows that these accounts of one start make after what is stored: of each minute the last. */
const chainOf = (accounts: readonly ToldAccount[], stored: Before | undefined): readonly Row[] => {
  const rows: Row[] = [];
  for (const told of accounts.toSorted((a, b) => a.account.to - b.account.to)) {
    const { since, to, produced } = told.account;
    const last: Before | undefined = rows.at(-1) ?? stored;
    if (last !== undefined && to <= last.until && !isLater(told.account, last)) continue;
    // A clock that was set back: the last one tells this too, as of some time since then.
    const until = Math.max(to, last?.until ?? to);
    const ends = { told, until, produced, lost: lostOf(told.account) };
    if (last === undefined) rows.push({ ...ends, began: Math.min(since, until), lostBefore: 0 });
    else if (Math.floor(last.until / minuteMs) !== Math.floor(until / minuteMs))
      rows.push({ ...ends, began: last.until, lostBefore: last.lost });
    else {
      const replaces = rows.length === 0 ? last.until : rows.pop()?.replaces;
      rows.push({
        ...ends,
        ...{ began: Math.min(last.began, to), lostBefore: last.lostBefore },
        ...(replaces === undefined ? {} : { replaces }),
      });
    }
  }
  return rows;
};

const readLast = async (
  tx: DatabaseTransaction,
  starts: readonly (readonly ToldAccount[])[],
): Promise<ReadonlyMap<string, Before>> => {
  const asked = starts.flatMap(([first]) =>
    first === undefined
      ? []
      : [{ host_id: first.hostId, collector: first.account.collector, since: first.account.since }],
  );
  const { rows } = await sql<
    Record<'until' | 'produced' | 'lost' | 'began' | 'lost_before' | 'since', number> & {
      host_id: string;
      collector: string;
    }
  >`
select x.host_id, x.collector, x.since::float8 as since, last.until::float8 as until,
  last.produced::float8 as produced, last.lost::float8 as lost, last.began::float8 as began, last.lost_before::float8 as lost_before
from jsonb_to_recordset(${JSON.stringify(asked)}::jsonb) as x (host_id uuid, collector text, since bigint)
cross join lateral (
  select until, produced, lost, began, lost_before from telemetry_accounts a
  where a.host_id = x.host_id and a.collector = x.collector and a.since = x.since
  order by a.until desc limit 1
) last`.execute(tx);
  return new Map(
    rows.map(({ host_id, collector, since, until, produced, lost, began, lost_before }) => [
      startOf(host_id, collector, since),
      { until, produced, lost, began, lostBefore: lost_before },
    ]),
  );
};

const writeRows = async (tx: DatabaseTransaction, rows: readonly Row[], at: Date): Promise<void> => {
  if (rows.length === 0) return;
  const input = rows.map(({ told: { hostId, account }, until, replaces, lost, began, lostBefore }) => ({
    ...{ host_id: hostId, collector: account.collector, since: account.since, until, replaces },
    ...{ produced: account.produced, told: account.told, unwanted: account.unwanted, lost, losses: account.lost },
    ...{ began, lost_before: lostBefore },
  }));
  await sql`
with told as (
  select * from jsonb_to_recordset(${JSON.stringify(input)}::jsonb) as x (host_id uuid, collector text, since bigint, until bigint,
    replaces bigint, produced bigint, told bigint, unwanted bigint, lost bigint, losses jsonb, began bigint, lost_before bigint)
), replaced as (
  delete from telemetry_accounts a using told
  where a.host_id = told.host_id and a.collector = told.collector and a.since = told.since and a.until = told.replaces
    and told.replaces < told.until
)
insert into telemetry_accounts
  (host_id, collector, since, until, produced, told, unwanted, lost, losses, received_at, began, lost_before)
select host_id, collector, since, until, produced, told, unwanted, lost, losses, ${at}, began, lost_before from told
on conflict (host_id, collector, since, until) do update set produced = excluded.produced, told = excluded.told,
  unwanted = excluded.unwanted, lost = excluded.lost, losses = excluded.losses, received_at = excluded.received_at,
  began = excluded.began`.execute(tx);
};

/** Remembers since when a collector tells: with a start of an earlier time than is known. */
const writeWatched = async (tx: DatabaseTransaction, firsts: readonly Row[]): Promise<void> => {
  const input = firsts
    .filter(({ told: { account } }) => (eventCollectors as readonly string[]).includes(account.collector))
    .map(({ told: { hostId, account }, began }) => ({ host_id: hostId, collector: account.collector, since: began }));
  if (input.length === 0) return;
  await sql`
insert into telemetry_watched (host_id, collector, since)
select x.host_id, x.collector, min(x.since)
from jsonb_to_recordset(${JSON.stringify(input)}::jsonb) as x (host_id uuid, collector text, since bigint)
where exists (select from assets where id = x.host_id) group by x.host_id, x.collector order by x.host_id, x.collector
on conflict (host_id, collector) do update set since = excluded.since where excluded.since < telemetry_watched.since`.execute(
    tx,
  );
};

/**
 * Events that were lost count among the losses of their host, beside those of the inventory: every place that shows losses shows
 * them. Sums belong to one start of the collector, as those of the inventory to one run of the sensor; what the console refused is
 * told conversion by conversion, and summed up by day.
 */
const writeLosses = async (
  tx: DatabaseTransaction,
  starts: readonly (readonly ToldAccount[])[],
  at: Date,
): Promise<void> => {
  const input = starts.flatMap((accounts) => {
    const last = accounts.reduce((latest, each) => (each.account.to >= latest.account.to ? each : latest));
    const { collector, since, lost } = last.account;
    const run = collector === consoleCollector ? at.toISOString().slice(0, 10) : String(since);
    return lost.map(({ stage, cause, count }) => ({
      ...{ host_id: last.hostId, run: `${last.hostId}/${collector}/${run}`, collector, stage, cause, lost: count },
    }));
  });
  if (input.length === 0) return;
  await sql`
insert into losses (host_id, run_id, collector, stage, cause, kind, lost, first_at, last_at)
select x.host_id, md5(x.run)::uuid, x.collector, x.stage, x.cause, 'events', sum(x.lost), ${at}, ${at}
from jsonb_to_recordset(${JSON.stringify(input)}::jsonb)
  as x (host_id uuid, run text, collector text, stage text, cause text, lost bigint)
where exists (select from assets where id = x.host_id)
group by x.host_id, x.run, x.collector, x.stage, x.cause
on conflict (host_id, run_id, collector, stage, cause) do update
  set lost = case when losses.collector = ${consoleCollector} then losses.lost else 0 end + excluded.lost, last_at = excluded.last_at
  where losses.collector = ${consoleCollector} or excluded.lost > losses.lost`.execute(tx);
};
