import {
  type ParsedOf,
  Presence,
  type ResultOf,
  type Scope,
  type SensorCounts,
  type SensorSort,
  skewLimitMs,
} from '@parapet/contract/api';
import type { SensorProgram } from '@parapet/contract/wire';
import { sql } from 'kysely';
import { z } from 'zod';
import type { Database } from '../database/database.ts';
import { decodeCursor, encodeCursor } from '../graph/cursor.ts';
import { scopeOnce } from '../people/scope.ts';
import { type Release, standingOf } from '../upgrades/version-standing.ts';
import { endPatterns, readSensors } from './sensor-rows.ts';

type Query = ParsedOf<'sensors.list'>['query'];
type Listed = Awaited<ReturnType<typeof readListed>>[number];

/** More sensors than one console is built for. */
const maxSensors = 10_000;

/**
 * A page of sensors. What orders and counts them is read for all that match, a few numbers each, since troubles follow from
 * versions, clocks and spans that no index holds; the rest is read for the page alone.
 */
export const listSensors = async (
  db: Database,
  scope: Scope,
  query: Query,
  deps: { readonly since: Date; readonly release: Release },
): Promise<ResultOf<'sensors.list'>> => {
  const all = await readListed(db, scope, query, deps);
  const rows = inOrder(all.filter(isShown(query)), query);
  const from = query.after === undefined ? 0 : startAfter(rows, query);
  const page = rows.slice(from, from + query.limit);
  const last = from + query.limit < rows.length ? page.at(-1) : undefined;
  const items = await readSensors(db, scope, { hostIds: page.map((row) => row.hostId), ...deps });
  return {
    items,
    ...(last === undefined
      ? {}
      : { next: encodeCursor([query.sort, query.direction, ...positionOf(last, query.sort)]) }),
    total: rows.length,
    totalIsMinimum: all.length === maxSensors,
    counts: countPresences(all),
  };
};

const isShown =
  ({ presence, includeRevoked }: Query) =>
  (row: Listed): boolean =>
    presence === undefined ? row.presence !== 'revoked' || includeRevoked : row.presence === presence;

const countPresences = (rows: readonly Listed[]): SensorCounts => {
  const count = (passes: (row: Listed) => boolean): number => rows.filter(passes).length;
  const presences = Presence.options.map((presence) => [presence, count((row) => row.presence === presence)]);
  return {
    ...Object.fromEntries(presences),
    troubled: count((row) => row.presence === 'online' && row.troubles > 0),
  };
};

/** A sensor's place in an order: its value, then name and id so that all places differ. */
type Position = readonly [value: string | number | null, name: string, hostId: string];
const Position = z.tuple([z.string().max(2048).or(z.number()).nullable(), z.string().max(2048), z.uuid()]);

const positionOf = (row: Listed, sort: SensorSort): Position => [
  values[sort](row),
  sort === 'name' ? '' : row.name,
  row.hostId,
];

const presenceOrder: Readonly<Record<Presence, number>> = { unknown: 0, stopped: 1, online: 2, removed: 3, revoked: 4 };

const values: Readonly<Record<SensorSort, (row: Listed) => string | number | null>> = {
  presence: (row) => presenceOrder[row.presence] * 100 - Math.min(99, row.troubles),
  name: (row) => row.name,
  troubles: (row) => row.troubles,
  memory: (row) => row.rssBytes,
  cpu: (row) => row.cpuCores,
  queue: (row) => row.queued,
  version: (row) => row.version,
  seen: (row) => row.lastSeenMs,
  enrolled: (row) => row.enrolledMs,
};

/** Sorted by positions made once: comparing makes ten times as many. */
const inOrder = (rows: readonly Listed[], { sort, direction }: Query): readonly Listed[] => {
  const sign = direction === 'up' ? 1 : -1;
  return rows
    .map((row) => ({ row, position: positionOf(row, sort) }))
    .sort((a, b) => comparePositions(a.position, b.position, sign))
    .map(({ row }) => row);
};

const comparePositions = (a: Position, b: Position, sign: number): number =>
  compareValues(a[0], b[0], sign) || natural.compare(a[1], b[1]) || (a[2] < b[2] ? -1 : Number(a[2] > b[2]));

const compareValues = (a: Position[0], b: Position[0], sign: number): number => {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
  return sign * natural.compare(String(a), String(b));
};

/** `node-9` before `node-10`. */
const natural = new Intl.Collator('en', { numeric: true });

/** Where the rows after a cursor begin, also when its own row has moved or gone. */
const startAfter = (rows: readonly Listed[], { after, sort, direction }: Query): number => {
  const schema = z.tuple([z.literal(sort), z.literal(direction), ...Position.def.items]);
  const [, , ...place] = decodeCursor(after ?? '', schema);
  const sign = direction === 'up' ? 1 : -1;
  const found = rows.findIndex((row) => comparePositions(positionOf(row, sort), place, sign) > 0);
  return found < 0 ? rows.length : found;
};

const readListed = async (
  db: Database,
  scope: Scope,
  { q = '' }: Query,
  { since, release }: { readonly since: Date; readonly release: Release },
) => {
  const { table, has } = scopeOnce(scope);
  const like = `%${q.replace(/[\\%_]/g, (character) => `\\${character}`)}%`;
  const { rows } = await sql<Row>`
    with ${table}
    select s.host_id as "hostId", a.name, s.presence, s.version, s.program ->> 'kind' as kind, s.program ->> 'build' as build,
      s.program ->> 'architecture' as architecture, s.rss_bytes::float8 as "rssBytes", s.cpu_cores as "cpuCores", s.queued,
      extract(epoch from s.last_seen_at)::float8 * 1000 as "lastSeenMs", extract(epoch from s.enrolled_at)::float8 * 1000 as "enrolledMs",
      coalesce(k.troubled, 0) + (l.host_id is not null)::int + (e.host_id is not null)::int + (s.in_sync is false)::int
        + (abs(s.skew_ms) > ${skewLimitMs})::int + (s.refused_frames > 0)::int as troubles
    from sensors s
    join assets a on a.id = s.host_id
    left join (select host_id, count(*)::int as troubled from collectors where state <> 'running' group by host_id) k on k.host_id = s.host_id
    left join (select host_id from losses where lost > 0 group by host_id) l on l.host_id = s.host_id
    left join (
      select host_id from blind_intervals
      where collector = 'sensor' and started_at > ${since} and cause like any(${endPatterns}::text[]) group by host_id
    ) e on e.host_id = s.host_id
    where ${has(sql.ref('s.host_id'))}
      and (${q} = '' or a.name ilike ${like} or s.address ilike ${like} or a.zone ilike ${like})
    order by s.host_id limit ${maxSensors}`.execute(db);
  return rows.map((row) => ({ ...row, troubles: row.troubles + Number(isOtherVersion(row, release)) }));
};

/** A version that is not the console's is a trouble as well; one that cannot be told is none. */
const isOtherVersion = ({ version, kind, build, architecture }: Row, release: Release): boolean => {
  const program =
    kind === null || architecture === null ? null : { kind, architecture, ...(build === null ? {} : { build }) };
  const standing = standingOf({ version, program }, release);
  return standing === 'outdated' || standing === 'newer';
};

type Row = {
  readonly hostId: string;
  readonly name: string;
  readonly presence: Presence;
  readonly version: string;
  readonly kind: SensorProgram['kind'] | null;
  readonly build: string | null;
  readonly architecture: string | null;
  readonly rssBytes: number | null;
  readonly cpuCores: number | null;
  readonly queued: number;
  readonly lastSeenMs: number | null;
  readonly enrolledMs: number;
  readonly troubles: number;
};
