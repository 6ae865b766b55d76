import type { HuntGap } from '@parapet/contract/api';
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { eventCollectors } from './event-collectors.ts';
import { foldGaps, type HostGap } from './fold-gaps.ts';

type Span = { readonly from: number; readonly to: number };

/**
 * What nobody could have seen of a span of time (milliseconds), of the hosts that `shown` tells of (a condition on `assets`): before
 * the sensor of a host told anything, before one of its collectors did, and what a collector cannot see where it is. A machine that
 * was not there yet hides nothing: its time begins with its first start.
 */
export const readUnwatched = async (db: Database, span: Span, shown: RawBuilder<unknown>): Promise<HuntGap[]> => {
  const [before, unable, anybody] = await Promise.all([
    readBefore(db, span, shown),
    readUnable(db, span, shown),
    sql`select from assets where kind = 'host' and ${shown} limit 1`.execute(db),
  ]);
  if (anybody.rows.length === 0)
    return [{ hosts: 0, collector: 'sensor', from: instant(span.from), unwatched: true, cause: 'there is no host' }];
  return foldGaps([...before, ...unable], listed);
};

/** Few are named: a fleet whose sensors were installed together begins at one time. */
const listed = 50;
/** More than 10,000 hosts have collectors. */
const maxRows = 50_000;
/** Collectors of one sensor start after each other; what begins within this time of the first began with it. */
const startMs = 60_000;

const instant = (ms: number): string => new Date(ms).toISOString();

/**
 * Hosts that are there for longer than anybody told of them. A host's first account says since when it was watched, and where there is
 * none, when it was first seen; no earlier, since a clock that was wrong can say anything. Of simulated hosts everything is invented,
 * from the first event on.
 */
const readBefore = async (
  db: Database,
  { from, to }: Span,
  shown: RawBuilder<unknown>,
): Promise<readonly HostGap[]> => {
  const { rows } = await sql<BeforeRow>`
with fresh as materialized (
  select assets.id, assets.name, extract(epoch from assets.first_seen_at) * 1000 as seen,
    (assets.record->>'startedAt')::float8 as booted, (assets.record->>'firstStartedAt')::float8 as first_booted,
    case when assets.runtime_labels->>'simulated' = 'true' then (
      select least((select min(first_at) from telemetry_files), (select min(first_at) from telemetry_gone)) / 1000) end as invented
  from assets
  where assets.kind = 'host' and ${shown} and (assets.first_seen_at > ${new Date(from)}
    or assets.id in (select host_id from telemetry_watched where since > ${from}))
), began as (
  select fresh.*, w.collector,
    least(greatest(coalesce(w.since, seen), seen), invented) as since
  from fresh left join telemetry_watched w on w.host_id = fresh.id
), first as (
  select *, min(since) over (partition by id) as first from began
)
select id as host_id, name, 'sensor' as collector, min(seen) as seen, max(since) filter (where since <= first + ${startMs}) as until,
  coalesce(min(first_booted), case when min(booted) < min(first) then min(booted) end) as there
from first group by id, name
union all
select id, name, collector, seen, since, first from first where since > first + ${startMs}
order by until desc limit ${maxRows}`.execute(db);
  return rows.flatMap(({ host_id, name, collector, seen, until, there }) => {
    const start = Math.max(from, Number(there ?? from));
    const end = Math.floor(Number(until));
    if (end <= start || start >= to) return [];
    return [
      {
        ...{ hostId: host_id, hostName: name, collector, from: instant(start), to: instant(end), unwatched: true },
        cause:
          collector !== 'sensor' ? causes.later : end - Number(seen) > 2 * startMs ? causes.silent : causes.installed,
      } as const,
    ];
  });
};

const causes = {
  installed: 'the sensor was installed then',
  silent: 'the sensor told no events before',
  later: 'the sensor told nothing of it before',
} as const;

type BeforeRow = {
  readonly host_id: string;
  readonly name: string;
  readonly collector: string;
  /** When the console first knew of the host. */
  readonly seen: number;
  readonly until: number;
  /** Since when there was something to see, in milliseconds. */
  readonly there: number | null;
};

/** Collectors that cannot work on their host; since always where they never told anything. */
const readUnable = async (
  db: Database,
  { from, to }: Span,
  shown: RawBuilder<unknown>,
): Promise<readonly HostGap[]> => {
  const { rows } = await sql<{
    readonly host_id: string;
    readonly name: string;
    readonly collector: string;
    readonly since: number;
    readonly reason: string | null;
  }>`
select c.host_id, assets.name, c.name as collector, coalesce(c.reason, '') as reason,
  case when w.since is null then greatest(extract(epoch from assets.first_seen_at) * 1000, ${from})
    else extract(epoch from c.since) * 1000 end as since
from collectors c join assets on assets.id = c.host_id
  left join telemetry_watched w on w.host_id = c.host_id and w.collector = c.name
where c.state in ('refused', 'failed') and c.name = any(${[...eventCollectors]}::text[])
  and (w.since is null or c.since < ${new Date(to)}) and assets.first_seen_at < ${new Date(to)} and ${shown}
order by since desc limit ${maxRows}`.execute(db);
  return rows.map(({ host_id, name, collector, since, reason }) => ({
    ...{ hostId: host_id, hostName: name, collector, from: instant(Math.floor(Number(since))), unwatched: true },
    cause: (reason ?? '') === '' ? 'it cannot work on this host' : (reason ?? ''),
  }));
};
