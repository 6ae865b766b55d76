import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import { openReader } from '../asset-index/open-reader.ts';
import type { GraphInMemory } from '../graph-in-memory.ts';
import { assetThere, type Moment } from '../moment.ts';
import {
  hostGroupId,
  internetId,
  outsideId,
  peerNodeOf,
  programOf,
  replicasId,
  serviceId,
  zoneId,
} from '../node-id.ts';
import type { ScopeFilter } from '../scope-filter.ts';
import { replicaStem } from './plan-contents.ts';
import { hostsOfGroup } from './plan-hosts.ts';
import type { AssetReader } from './read-assets.ts';
import { peerBlockOf } from './read-edges.ts';

type Side = 'source' | 'target';
/** The condition that an edge's end lies in a drawn node. */
export type EndCondition = (side: Side) => RawBuilder<boolean>;

/** Finds out what a node id of the map stands for. An id that nothing has stands for nothing. */
export const resolveEnd = async (
  db: Database,
  moment: Moment,
  inScope: ScopeFilter,
  id: string,
  held?: GraphInMemory,
): Promise<EndCondition> => {
  const kind = id.slice(0, Math.max(0, id.indexOf(':')));
  const owner = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(id)?.[0];
  if (id === internetId) return (side) => sql<boolean>`${node(side)} = 'internet'`;
  if (id === outsideId) {
    return (side) =>
      sql<boolean>`${asset(side)} is not null and not exists (select 1 from assets a where a.id = ${asset(side)} and ${inScope('a')})`;
  }
  if (kind === 'peer') return (side) => sql<boolean>`${node(side)} = ${peerNodeOf(id)}`;
  if (kind === 'peers') {
    const block = peerNodeOf(id.slice('peers:'.length));
    return (side) => sql<boolean>`${asset(side)} is null and ${peerBlockOf(node(side))} = ${block}`;
  }
  if (kind === 'zone' || kind === 'hosts')
    return onHosts(await hostsBehind(await openReader(db, moment, inScope, held), id));
  if (owner === undefined) return () => sql<boolean>`false`;
  switch (kind) {
    case 'host':
      return onHosts([owner]);
    case 'container':
      return (side) => sql<boolean>`${asset(side)} = ${owner}::uuid`;
    case 'containers':
      return isOneOf(await membersOf(db, moment, inScope, id, owner));
    case 'service':
      return runsIn(owner, await programsBehind(db, id, owner));
    case 'process':
      return ofProcess(db, owner, id);
    default:
      return () => sql<boolean>`false`;
  }
};

const node = (side: Side): RawBuilder<string> => sql<string>`${sql.ref(`e.${side}_node`)}`;
const asset = (side: Side): RawBuilder<string> => sql<string>`${sql.ref(`e.${side}_asset`)}`;
const program = (side: Side): RawBuilder<string> => sql<string>`${sql.ref(`e.${side}_process`)}`;

const onHosts =
  (hosts: readonly string[]): EndCondition =>
  (side) =>
    sql<boolean>`${asset(side)} in (select h.id from assets h where h.id = any(${hosts}::uuid[]) or h.host_id = any(${hosts}::uuid[]))`;

const isOneOf =
  (ids: readonly string[]): EndCondition =>
  (side) =>
    sql<boolean>`${asset(side)} = any(${ids}::uuid[])`;

const runsIn =
  (owner: string, programs: readonly string[] | undefined): EndCondition =>
  (side) =>
    programs === undefined
      ? sql<boolean>`${asset(side)} = ${owner}::uuid`
      : sql<boolean>`${asset(side)} = ${owner}::uuid and ${program(side)} = any(${programs}::text[])`;

const hostsBehind = async (reader: AssetReader, id: string): Promise<readonly string[]> => {
  const hosts = await reader.hosts();
  for (const [zone, members] of Map.groupBy(hosts, (host) => host.zone)) {
    if (zoneId(zone) === id) return members.map((host) => host.id);
    if (id.startsWith(hostGroupId(zone, ''))) return hostsOfGroup(zone, members, id).map((host) => host.id);
  }
  return [];
};

/** Replicas of a group; of what did not fit, all containers there: each edge names its own ends. */
const membersOf = async (
  db: Database,
  moment: Moment,
  inScope: ScopeFilter,
  id: string,
  host: string,
): Promise<readonly string[]> => {
  const { rows } = await sql<{ id: string; name: string; image: string }>`
    select a.id, a.name, coalesce(a.image_id::text, a.record ->> 'imageName', '') as image from assets a
    where a.host_id = ${host}::uuid and a.kind = 'container' and ${assetThere('a', moment)} and ${inScope('a')}
    limit 30000`.execute(db);
  if (id.endsWith('|rest')) return rows.map((row) => row.id);
  const matches = (row: { name: string; image: string }): boolean =>
    replicasId(host, row.image, replicaStem(row.name)) === id || replicasId(host, row.image, '*') === id;
  return rows.filter(matches).map((row) => row.id);
};

/** Executables whose program makes the id; undefined for the service that gathers what did not fit. */
const programsBehind = async (db: Database, id: string, owner: string): Promise<readonly string[] | undefined> => {
  if (id === serviceId(owner, '~other programs')) return undefined;
  const { rows } = await sql<{ program: string }>`
    select e.source_process as program from edges e where e.source_asset = ${owner}::uuid
    union select e.target_process from edges e where e.target_asset = ${owner}::uuid
    limit 10000`.execute(db);
  return rows.map((row) => row.program).filter((name) => serviceId(owner, programOf(name)) === id);
};

const ofProcess = async (db: Database, host: string, id: string): Promise<EndCondition> => {
  const key = peerNodeOf(id.slice(`process:${host}|`.length));
  const { rows } = await sql<{ owner: string; executable: string }>`
    select coalesce(p.container_id, p.host_id) as owner, p.executable from processes p
    where p.host_id = ${host}::uuid and p.key = ${key} order by p.id desc limit 1`.execute(db);
  const [found] = rows;
  return found === undefined ? () => sql<boolean>`false` : runsIn(found.owner, [found.executable]);
};
