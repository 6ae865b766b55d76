import type { ParsedOf, ResultOf, TimelineEntry } from '@parapet/contract/api';
import { type RawBuilder, sql } from 'kysely';
import { z } from 'zod';
import type { Database } from '../../database/database.ts';
import { decodeCursor, encodeCursor } from '../cursor.ts';
import { endName } from '../map/edge-detail.ts';
import { programOf, shownName } from '../node-id.ts';
import type { ScopeFilter } from '../scope-filter.ts';
import type { AssetRow } from './asset-row.ts';

type Timeline = ResultOf<'assets.timeline'>;
type Target = Pick<AssetRow, 'id' | 'kind'>;

const Position = z.tuple([z.iso.datetime(), z.string().max(64)]);

/** What happened to an asset, newest first: one ordered union over everything that keeps times. */
export const readTimeline = async (
  db: Database,
  inScope: ScopeFilter,
  asset: Target,
  query: ParsedOf<'assets.timeline'>['query'],
): Promise<Timeline> => {
  const after = query.after === undefined ? undefined : decodeCursor(query.after, Position);
  const limit = query.limit + 1;
  const branches = sources(asset).map((source) => branch(source, after, limit));
  const { rows } = await sql<Row>`
    select u.*, s.name as "sourceName", t.name as "targetName" from (
      select * from (${sql.join(branches, sql` union all `)}) entries order by at desc, seq desc limit ${limit}
    ) u
    left join edges e on e.id = u."edgeId"
    left join assets s on s.id = e.source_asset and ${inScope('s')}
    left join assets t on t.id = e.target_asset and ${inScope('t')}
    order by u.at desc, u.seq desc`.execute(db);
  const shown = rows.slice(0, query.limit);
  const last = shown.at(-1);
  return {
    items: shown.map(present),
    total: shown.length,
    totalIsMinimum: rows.length > query.limit || after !== undefined,
    ...(rows.length > query.limit && last !== undefined
      ? { next: encodeCursor([last.at.toISOString(), last.seq]) }
      : {}),
  };
};

type Row = {
  readonly at: Date;
  /** Orders what happened at the same time, and is unique. */
  readonly seq: string;
  readonly kind: TimelineEntry['kind'];
  readonly what: string;
  readonly port: number | null;
  readonly protocol: string | null;
  readonly edgeId: number | null;
  readonly findingId: string | null;
  readonly sourceNode: string | null;
  readonly targetNode: string | null;
  readonly sourceName: string | null;
  readonly targetName: string | null;
};

/** One kind of entry: a row's time and what it says. Times are cut to milliseconds, as cursors carry them. */
type Source = {
  readonly kind: TimelineEntry['kind'];
  readonly letter: string;
  readonly from: RawBuilder<unknown>;
  readonly at: string;
  readonly id: string;
  readonly what: RawBuilder<unknown>;
  readonly port?: RawBuilder<unknown>;
  readonly protocol?: RawBuilder<unknown>;
  readonly edge?: boolean;
  readonly finding?: boolean;
};

const branch = (source: Source, after: readonly [string, string] | undefined, limit: number): RawBuilder<unknown> => {
  const at = sql`date_trunc('milliseconds', ${sql.ref(source.at)})`;
  const seq = sql`${source.letter}::text || lpad(${sql.ref(source.id)}::text, 36, '0')`;
  const before = after === undefined ? sql`true` : sql`(${at}, ${seq}) < (${after[0]}::timestamptz, ${after[1]}::text)`;
  const near =
    after === undefined ? sql`true` : sql`${sql.ref(source.at)} < ${after[0]}::timestamptz + interval '1 millisecond'`;
  return sql`(
    select ${at} as at, ${seq} as seq, ${source.kind}::text as kind, ${source.what}::text as what,
      ${source.port ?? sql`null::int`} as port, ${source.protocol ?? sql`null::text`} as protocol,
      ${source.edge === true ? sql`x.id` : sql`null::bigint`} as "edgeId",
      ${source.finding === true ? sql`x.id` : sql`null::uuid`} as "findingId",
      ${source.edge === true ? sql`x.source_node` : sql`null::text`} as "sourceNode",
      ${source.edge === true ? sql`x.target_node` : sql`null::text`} as "targetNode"
    ${source.from} and ${sql.ref(source.at)} is not null and ${near} and ${before}
    order by ${sql.ref(source.at)} desc, ${seq} desc limit ${limit})`;
};

const sources = (asset: Target): readonly Source[] => {
  const id = sql`${asset.id}::uuid`;
  const lives = sql`from asset_intervals i where i.asset_id = ${id}`;
  const listeners = sql`from listeners l where ${owned('l', asset)}`;
  const processes = sql`from processes p where ${owned('p', asset)}`;
  const edges = sql`from edges x join edge_intervals i on i.edge_id = x.id where (x.source_asset = ${id} or x.target_asset = ${id})`;
  const findings = sql`from findings x join vulnerabilities v on v.id = x.vulnerability_id where x.asset_id = ${id}`;
  const listening = { port: sql`l.port`, protocol: sql`l.protocol` };
  const talking = { port: sql`x.port`, protocol: sql`x.protocol`, edge: true };
  return [
    { kind: 'started', letter: 'a', from: lives, at: 'i.started_at', id: 'i.id', what: sql`''` },
    { kind: 'stopped', letter: 'b', from: lives, at: 'i.ended_at', id: 'i.id', what: sql`i.end_inferred` },
    {
      kind: 'listener-opened',
      letter: 'c',
      from: listeners,
      at: 'l.started_at',
      id: 'l.id',
      what: sql`coalesce(l.executable, '')`,
      ...listening,
    },
    {
      kind: 'listener-closed',
      letter: 'd',
      from: listeners,
      at: 'l.ended_at',
      id: 'l.id',
      what: sql`coalesce(l.executable, '')`,
      ...listening,
    },
    { kind: 'process-started', letter: 'e', from: processes, at: 'p.started_at', id: 'p.id', what: sql`p.name` },
    { kind: 'process-ended', letter: 'f', from: processes, at: 'p.ended_at', id: 'p.id', what: sql`p.name` },
    { kind: 'edge-opened', letter: 'g', from: edges, at: 'i.started_at', id: 'i.id', what: sql`''`, ...talking },
    { kind: 'edge-closed', letter: 'h', from: edges, at: 'i.ended_at', id: 'i.id', what: sql`''`, ...talking },
    {
      kind: 'blind',
      letter: 'i',
      from: sql`from blind_intervals b where b.host_id = ${id}`,
      at: 'b.started_at',
      id: 'b.id',
      what: sql`case b.collector when 'sensor' then b.cause else 'Not seen (' || b.collector || ': ' || b.cause || ')' end`,
    },
    {
      kind: 'sensor-upgrade',
      letter: 'n',
      from: sql`from sensor_upgrades g where g.host_id = ${id} and g.state in ('done', 'failed')`,
      at: 'g.ended_at',
      id: 'g.id',
      what: sql`case g.state when 'done'
        then 'Sensor upgraded from ' || g.from_version || ' to ' || (g.archive ->> 'version')
        else 'Sensor not upgraded to ' || (g.archive ->> 'version') || ': ' || coalesce(g.message, 'it failed') end`,
    },
    {
      kind: 'scanned',
      letter: 'j',
      from: sql`from scans c where c.asset_id = ${id} and c.state in ('done', 'partial', 'failed')`,
      at: 'c.ended_at',
      id: 'c.id',
      what: sql`c.state || ' ' || coalesce(c.packages, 0)`,
    },
    {
      kind: 'finding-opened',
      letter: 'k',
      from: findings,
      at: 'x.first_seen_at',
      id: 'x.id',
      what: sql`v.key`,
      finding: true,
    },
    {
      kind: 'finding-closed',
      letter: 'l',
      from: findings,
      at: 'x.closed_at',
      id: 'x.id',
      what: sql`v.key`,
      finding: true,
    },
    {
      kind: 'first-seen',
      letter: 'm',
      from: sql`from assets a where a.id = ${id}`,
      at: 'a.first_seen_at',
      id: 'a.id',
      what: sql`''`,
    },
  ];
};

/** A host's own, not its containers': those have timelines of their own. */
const owned = (alias: string, asset: Target): RawBuilder<unknown> =>
  asset.kind === 'host'
    ? sql`${sql.ref(`${alias}.host_id`)} = ${asset.id}::uuid and ${sql.ref(`${alias}.container_key`)} is null`
    : sql`${sql.ref(`${alias}.container_id`)} = ${asset.id}::uuid`;

const present = (row: Row): TimelineEntry => ({
  at: row.at.toISOString(),
  kind: row.kind,
  text: textOf(row),
  ...(row.findingId === null ? {} : { findingId: row.findingId }),
});

const textOf = (row: Row): string => {
  const what = shownName(row.what);
  const program = what === '' ? 'a process' : shownName(programOf(row.what));
  switch (row.kind) {
    case 'first-seen':
      return 'First seen';
    case 'started':
      return 'Started';
    case 'stopped':
      return row.what === 'true' ? 'Stopped, at some time while it was not watched' : 'Stopped';
    case 'listener-opened':
      return `Listens on ${row.protocol}/${row.port}: ${program}`;
    case 'listener-closed':
      return `No longer listens on ${row.protocol}/${row.port}: ${program}`;
    case 'process-started':
      return `Process started: ${what}`;
    case 'process-ended':
      return `Process ended: ${what}`;
    case 'edge-opened':
      return `Connects: ${endsOf(row)}`;
    case 'edge-closed':
      return `No longer connects: ${endsOf(row)}`;
    case 'blind':
    case 'sensor-upgrade':
      return what;
    case 'scanned': {
      const [state, packages] = row.what.split(' ');
      return state === 'failed'
        ? 'Scan failed'
        : `Scanned: ${Number(packages).toLocaleString('en')} packages${state === 'partial' ? ', in part' : ''}`;
    }
    case 'finding-opened':
      return `${what} found`;
    case 'finding-closed':
      return `${what} closed`;
  }
};

const endsOf = (row: Row): string =>
  `${endName(row.sourceNode ?? '', row.sourceName)} → ${endName(row.targetNode ?? '', row.targetName)} ${row.protocol}/${row.port}`;
