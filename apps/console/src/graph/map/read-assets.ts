import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import { assetThere, hostSilent, type Moment, rowThere } from '../moment.ts';
import type { ScopeFilter } from '../scope-filter.ts';
import type { ContainerRow } from './plan-contents.ts';
import type { HostRow } from './plan-hosts.ts';

export type AssetReader = {
  /** All hosts that are in scope themselves or hold containers that are. */
  readonly hosts: () => Promise<readonly HostRow[]>;
  /** Live containers in scope of these hosts, the riskiest first, at most `limit`. */
  readonly containers: (hostIds: readonly string[], limit: number) => Promise<readonly ContainerRow[]>;
  readonly hostsOfContainers: (ids: readonly string[]) => Promise<ReadonlyMap<string, string>>;
  readonly listeners: (owners: readonly string[]) => Promise<readonly ListenerRow[]>;
  readonly processes: (
    containerIds: readonly string[],
    hostIds: readonly string[],
    limit: number,
  ) => Promise<readonly ProcessRow[]>;
};

export type ListenerRow = {
  /** The container, or the host itself. */
  readonly owner: string;
  readonly executable: string;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  readonly processKey: string | undefined;
};

export type ProcessRow = {
  readonly owner: string;
  readonly hostId: string;
  readonly key: string;
  readonly pid: number;
  readonly name: string;
  readonly executable: string;
  readonly since: Date;
};

/** Listeners of all shown nodes together; more than this are not drawn (a workload could open any number). */
const listenerLimit = 20_000;

export const createAssetReader = (db: Database, moment: Moment, inScope: ScopeFilter): AssetReader => ({
  hosts: async () => {
    const silent = hostSilent(sql.ref('h.id'), moment);
    const { rows } = await sql<HostReading>`
      select h.id, h.name, coalesce(h.zone, '') as zone, h.risk, h.effective_labels as labels, h.first_seen_at as since,
        ${silent} or h.status = 'unknown' and ${sql.lit(moment.live)} as silent,
        ${inScope('h')} as "inScope", coalesce(c.containers, 0)::int as containers, c.risk as "containerRisk"
      from assets h
      left join (
        select a.host_id, count(*) as containers, max(a.risk) as risk
        from assets a where a.kind = 'container' and ${assetThere('a', moment)} and ${inScope('a')}
        group by a.host_id
      ) c on c.host_id = h.id
      where h.kind = 'host' and ${assetThere('h', moment)} and (${inScope('h')} or c.containers > 0)
      order by h.name, h.id`.execute(db);
    return rows.map(presentHost);
  },

  containers: async (hostIds, limit) => {
    if (hostIds.length === 0) return [];
    const { rows } = await sql<ContainerReading>`
      select a.id, a.host_id as "hostId", a.name, a.image_id as "imageId", coalesce(a.record ->> 'imageName', '') as "imageName",
        ${hostSilent(sql.ref('a.host_id'), moment)} or a.status = 'unknown' and ${sql.lit(moment.live)} as silent,
        a.risk, a.first_seen_at as since, coalesce((a.record -> 'privilege' ->> 'privileged')::boolean, false) as privileged
      from assets a
      where a.kind = 'container' and a.host_id = any(${hostIds}::uuid[]) and ${assetThere('a', moment)} and ${inScope('a')}
      order by a.risk desc nulls last, a.name, a.id limit ${limit}`.execute(db);
    return rows.map((row) => ({ ...row, imageId: row.imageId ?? undefined, risk: row.risk ?? undefined }));
  },

  hostsOfContainers: async (ids) => {
    if (ids.length === 0) return new Map();
    const { rows } = await sql<{ id: string; hostId: string }>`
      select a.id, a.host_id as "hostId" from assets a
      where a.kind = 'container' and a.id = any(${ids}::uuid[]) and ${inScope('a')}`.execute(db);
    return new Map(rows.map((row) => [row.id, row.hostId]));
  },

  listeners: async (owners) => {
    if (owners.length === 0) return [];
    const { rows } = await sql<ListenerReading>`
      select ${listenerOwner} as owner, coalesce(l.executable, '') as executable, l.protocol, l.port,
        min(l.process_key) as "processKey"
      from (
        -- joined, for to weigh a list of thousands against what is known of the columns takes longer than to look them up
        select l.* from unnest(${owners}::uuid[]) as owner (id) join listeners l on l.container_id = owner.id
        union all
        select l.* from unnest(${owners}::uuid[]) as owner (id)
        join listeners l on l.host_id = owner.id and l.container_id is null and l.container_key is null
      ) as l
      where ${rowThere('l', moment)}
        and l.address not like '127.%' and l.address <> '::1'
      group by 1, 2, 3, 4 order by 4, 3 limit ${listenerLimit}`.execute(db);
    return rows.map((row) => ({ ...row, processKey: row.processKey ?? undefined }));
  },

  processes: async (containerIds, hostIds, limit) => {
    if (containerIds.length === 0 && hostIds.length === 0) return [];
    const { rows } = await sql<ProcessRow>`
      select ${processOwner} as owner, p.host_id as "hostId", p.key, p.pid, p.name, p.executable,
        p.started_at as since
      from processes p
      where (p.container_id = any(${containerIds}::uuid[]) or (p.host_id = any(${hostIds}::uuid[]) and p.container_id is null and p.container_key is null))
        and ${rowThere('p', moment)}
      order by p.started_at, p.id limit ${limit}`.execute(db);
    return rows;
  },
});

/** Whose it is. What names a container whose record has not come yet is nobody's until it does, and never the host's. */
const listenerOwner = sql`coalesce(l.container_id, case when l.container_key is null then l.host_id end)`;
const processOwner = sql`coalesce(p.container_id, case when p.container_key is null then p.host_id end)`;

type HostReading = Omit<HostRow, 'risk' | 'ownRisk'> & {
  readonly risk: number | null;
  readonly containerRisk: number | null;
};
type ContainerReading = Omit<ContainerRow, 'risk' | 'imageId'> & {
  readonly risk: number | null;
  readonly imageId: string | null;
};
type ListenerReading = Omit<ListenerRow, 'processKey'> & { readonly processKey: string | null };

const presentHost = (row: HostReading): HostRow => {
  const risks = [row.risk, row.containerRisk].filter((risk) => risk !== null);
  return { ...row, risk: risks.length === 0 ? undefined : Math.max(...risks), ownRisk: row.risk ?? undefined };
};
