import type { EdgeRecord } from '@parapet/contract/wire';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { type PlayedHost, playHost } from './played-host.ts';
import { edgeRecord, hostRecord } from './records.ts';

export const t0 = Date.UTC(2026, 5, 1);
export const minute = 60_000;
export const at = (minutes: number) => ({ nowMs: t0 + minutes * minute });
let zones = 0;
/** Tests share a database; zones keep them apart. */
export const newZone = (): string => {
  zones += 1;
  return `zone-${zones}`;
};

export const withAddress = (address: string, device = 'eth0') =>
  hostRecord({
    addresses: [
      { address, prefixLength: 24, device },
      { address: '172.17.0.1', prefixLength: 16, device: 'docker0' },
    ],
  });

export const edge = (key: string, part: Partial<EdgeRecord> = {}): EdgeRecord =>
  edgeRecord(key, { startedAt: t0, lastSeenAt: t0, serverPort: 80, ...part });
export const to = (address: string) => ({ kind: 'address' as const, address });

type Shown = {
  source: string;
  source_process: string;
  target: string;
  target_process: string;
  port: number;
  published_port: number | null;
  by_source: boolean;
  by_target: boolean;
  ended: boolean;
  connections: number;
  spans: string;
};

/** The edges that touch any of the hosts' assets or the zone, with nodes by name and spans in minutes. */
export const edgesOf = async (db: Database, zone: string): Promise<Shown[]> => {
  const { rows } = await sql<Shown>`
    with named as (
      select case kind when 'host' then 'host:' || id else 'container:' || id end as node,
        case kind when 'host' then name else key end as name, zone from assets)
    select coalesce(s.name, e.source_node) as source, e.source_process, coalesce(t.name, e.target_node) as target,
      e.target_process, e.port, e.published_port, e.reported_by_source as by_source, e.reported_by_target as by_target,
      e.ended_at is not null as ended, e.connections,
      (select string_agg(concat(extract(epoch from i.started_at - ${new Date(t0)}) / 60, '-',
          extract(epoch from i.ended_at - ${new Date(t0)}) / 60), ' ' order by i.started_at)
        from edge_intervals i where i.edge_id = e.id) as spans
    from edges e left join named s on s.node = e.source_node left join named t on t.node = e.target_node
    where s.zone = ${zone} or t.zone = ${zone}
    order by source, target, e.port, e.source_process, e.target_process`.execute(db);
  return rows.map((row) => ({
    ...row,
    spans: row.spans.replaceAll('.00000000000000000000', '').replaceAll('.0000000000000000', ''),
  }));
};

export const brief = (rows: readonly Shown[]): string[] =>
  rows.map((row) => `${row.source} -> ${row.target}:${row.port}${row.ended ? ' ended' : ''}`);

/** A host with an uplink of that address and a bridge of containers, which sent its first snapshot. */
export const hostAt = async (
  db: Database,
  zone: string,
  name: string,
  address: string,
  records: Parameters<PlayedHost['snapshot']>[0] = [],
) => {
  const host = await playHost(db, { zone, name, nowMs: t0 });
  await host.snapshot([{ ...withAddress(address), hostname: name }, ...records], at(0));
  return host;
};
