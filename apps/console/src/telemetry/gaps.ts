import type { HuntGap, Scope } from '@parapet/contract/api';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { readLeftOut } from '../telemetry-policy/left-out.ts';
import { type Losses, lossesSince } from './accounts.ts';
import { allowedIn } from './allowed.ts';
import { eventCollectors } from './event-collectors.ts';
import { foldGaps, type HostGap } from './fold-gaps.ts';
import { readGone } from './gone.ts';
import { readUnwatched } from './unwatched.ts';

/**
 * What may be missing from a span of time, in milliseconds: losses that were counted in it, from the sums that collectors tell,
 * spans in which a collector was blind, what nobody watched, and what was there and was let go. Of the hosts of which the scope shows anything: what a
 * host did not see its containers did not tell, and who sees one of them is told. They can be given by who knows them.
 */
export const readGaps = async (
  db: Database,
  span: { readonly from: number; readonly to: number },
  scope: Scope,
  shown?: readonly string[],
): Promise<HuntGap[]> => {
  const hosts = shown ?? (await allowedIn(db, scope))?.allHosts;
  const gaps = await Promise.all([
    readGone(db, span, scope),
    readLeftOut(db, span, isOf(hosts)),
    readCounted(db, span, hosts),
    readBlind(db, span, hosts),
    readUnwatched(db, span, isOf(hosts)),
  ]);
  return gaps.flat();
};

/** When a host could not see: spans in which its collectors were blind, and what they did not watch. */
export const readUnseen = async (
  db: Database,
  span: { readonly from: number; readonly to: number },
  hostId: string,
): Promise<HuntGap[]> => {
  const unseen = await Promise.all([readBlind(db, span, [hostId]), readUnwatched(db, span, isOf([hostId]))]);
  return unseen.flat();
};

/** What the name of a file says that it lacks: a file is passed on without its page. */
export const markOfGaps = (gaps: readonly HuntGap[]): string => {
  if (gaps.length === 0) return '';
  const [unwatched, rest] = [gaps.filter(isUnwatched), gaps.filter((gap) => !isUnwatched(gap))];
  if (rest.some(({ collector }) => collector !== 'policy')) return '-with-gaps';
  return unwatched.length > 0 ? '-watched-in-part' : '-with-policy-gaps';
};

const isUnwatched = ({ unwatched }: HuntGap): boolean => unwatched === true;

/** Of all hosts where none are named. */
const isOf = (hosts: readonly string[] | undefined): RawBuilder<unknown> =>
  hosts === undefined ? sql`true` : sql`assets.id = any(${[...hosts]}::uuid[])`;

/** How many are listed of each kind; an answer has room for 600 with those of the store, of the policy and what nobody watched. */
const listed = { counted: 200, blind: 150 } as const;
/** More are read by host and collector only. */
const maxRead = 500;
/** More than 10,000 hosts have collectors. */
const maxPlaces = 50_000;

type Span = { readonly from: number; readonly to: number };
type Hosts = readonly string[] | undefined;

/** Sums of one start only grow: between one account and the one before it lies what was lost in that time. */
const readCounted = async (db: Database, span: Span, hosts: Hosts): Promise<HuntGap[]> => {
  const each = await readEachLoss(db, span, hosts);
  return foldGaps(each.length <= maxRead ? each : await readLossesByPlace(db, span, hosts), listed.counted);
};

const lossesIn = ({ from, to }: Span, hosts: Hosts): RawBuilder<unknown> => sql`
from telemetry_accounts a join assets on assets.id = a.host_id
where a.lost > a.lost_before and a.until >= ${from} and a.began < ${to} and ${isOf(hosts)}`;

const readEachLoss = async (db: Database, span: Span, hosts: Hosts): Promise<readonly HostGap[]> => {
  const { rows } = await sql<PlaceRow & { losses: Losses; earlier: Losses | null }>`
select lossy.*, before.losses as earlier
from (
  select a.host_id, assets.name, a.collector, a.since, a.began, a.until, a.lost - a.lost_before as lost, a.losses
  ${lossesIn(span, hosts)} order by a.until desc limit ${maxRead + 1}
) lossy
left join lateral (
  -- the one before it may have been thinned: then nothing had been lost since the one before that
  select losses from telemetry_accounts a where a.host_id = lossy.host_id and a.collector = lossy.collector
    and a.since = lossy.since and a.until < lossy.until
  order by a.until desc limit 1
) before on true
order by lossy.until desc`.execute(db);
  return rows.map((row) => ({
    ...gapOf(row),
    cause: lossesSince(row.losses, row.earlier ?? [])
      .map(({ stage, cause }) => `${stage}: ${cause}`)
      .join(', '),
  }));
};

const readLossesByPlace = async (db: Database, span: Span, hosts: Hosts): Promise<readonly HostGap[]> => {
  const { rows } = await sql<PlaceRow>`
select a.host_id, assets.name, a.collector, min(a.began) as began, max(a.until) as until, sum(a.lost - a.lost_before) as lost
${lossesIn(span, hosts)} group by a.host_id, assets.name, a.collector order by until desc limit ${maxPlaces}`.execute(
    db,
  );
  return rows.map((row) => ({ ...gapOf(row), cause: 'at many times: a shorter span tells each' }));
};

type PlaceRow = { host_id: string; name: string; collector: string; began: number; until: number; lost: number };

const gapOf = (row: PlaceRow): Omit<HostGap, 'cause'> => ({
  hostId: row.host_id,
  hostName: row.name,
  collector: row.collector,
  from: new Date(Number(row.began)).toISOString(),
  to: new Date(Number(row.until)).toISOString(),
  lost: Number(row.lost),
});

/** Spans in which collectors of events were blind. */
const readBlind = async (db: Database, { from, to }: Span, hosts: Hosts): Promise<HuntGap[]> => {
  const blind = sql`
from blind_intervals blind join assets on assets.id = blind.host_id
where blind.collector = any(${[...eventCollectors, 'sensor', '*']}::text[]) and blind.started_at < ${new Date(to)}
  and (blind.ended_at is null or blind.ended_at >= ${new Date(from)}) and ${isOf(hosts)}`;
  const each = await sql<BlindRow>`
select blind.host_id, assets.name, blind.collector, blind.cause, blind.started_at, blind.ended_at
${blind} order by blind.started_at desc limit ${maxRead + 1}`.execute(db);
  if (each.rows.length <= maxRead) return foldGaps(each.rows.map(blindGapOf), listed.blind);
  const places = await sql<BlindRow>`
select blind.host_id, assets.name, blind.collector, count(*) || ' times: a shorter span tells each' as cause,
  min(blind.started_at) as started_at, case when bool_and(blind.ended_at is not null) then max(blind.ended_at) end as ended_at
${blind} group by blind.host_id, assets.name, blind.collector order by started_at desc limit ${maxPlaces}`.execute(db);
  return foldGaps(places.rows.map(blindGapOf), listed.blind);
};

type BlindRow = {
  host_id: string;
  name: string;
  collector: string;
  cause: string;
  started_at: Date;
  ended_at: Date | null;
};

const blindGapOf = (row: BlindRow): HostGap => ({
  hostId: row.host_id,
  hostName: row.name,
  collector: row.collector,
  from: row.started_at.toISOString(),
  ...(row.ended_at === null ? {} : { to: row.ended_at.toISOString() }),
  cause: row.cause,
});
