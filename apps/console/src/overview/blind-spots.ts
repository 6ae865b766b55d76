import { distributionTypes } from '@parapet/advisories';
import { collectorName, lostWords, type Overview, sightOf } from '@parapet/contract/api';
import { endOfLifeOf } from '@parapet/sbom';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { AdvisoryContent } from '../findings/advisory-content.ts';
import { type AskedScope, inScope } from '../people/scope.ts';
import type { AssetFigures, FoundDistribution } from './asset-figures.ts';

type BlindSpot = Overview['blind'][number];

/** More would not be read; the pages they lead to have all. */
const limit = 12;
const peerLimit = 1000;
const dayMs = 24 * 3_600_000;

/** Where we do not see: silent hosts, collectors that cannot work, counted losses, unscanned images, peers without a sensor. */
export const readBlindSpots = async (
  db: Database,
  content: AdvisoryContent,
  scope: AskedScope,
  now: Date,
  figures: Promise<AssetFigures>,
): Promise<BlindSpot[]> => {
  const spots = await Promise.all([
    silentHosts(db, scope, now),
    refusedCollectors(db, scope),
    losses(db, scope, new Date(now.getTime() - dayMs)),
    figures.then(unconfirmed),
    figures.then(unknownContainers),
    figures.then(({ distributions }) => withoutAdvisories(distributions, content)),
    typesWithoutAdvisories(db, content, scope),
    figures.then(({ distributions }) => withoutUpdates(distributions, now)),
    strangers(db, scope),
  ]);
  return spots.flat();
};

const silentHosts = async (db: Database, scope: AskedScope, now: Date): Promise<BlindSpot[]> => {
  const { rows } = await sql<{ host_id: string; name: string; presence: string; presence_since: Date }>`
    select s.host_id, a.name, s.presence, s.presence_since
    -- offset 0: the scope first, since who sees one team of a fleet that is silent needs few of its names
    from (
      select host_id, presence, presence_since from sensors
      where presence in ('unknown', 'stopped') and ${inScope(scope, sql.ref('sensors.host_id'))} offset 0
    ) as s join assets as a on a.id = s.host_id
    where a.status <> 'gone' order by s.presence_since desc limit ${limit}`.execute(db);
  return rows.map((row) => ({
    title: row.name,
    reason: `${row.presence === 'stopped' ? 'Sensor stopped' : 'Silent'} for ${spanOf(now.getTime() - row.presence_since.getTime())}`,
    to: `/sensors/${row.host_id}`,
  }));
};

const refusedCollectors = async (db: Database, scope: AskedScope): Promise<BlindSpot[]> => {
  const { rows } = await sql<RefusedCollector>`
    select c.host_id, a.name as host, c.name, c.state, c.reason from collectors as c
    join assets as a on a.id = c.host_id join sensors as s on s.host_id = c.host_id
    where c.state in ('refused', 'failed', 'degraded') and s.presence = 'online' and ${inScope(scope, sql.ref('c.host_id'))}
    order by c.state = 'degraded', c.since desc limit ${limit}`.execute(db);
  return rows.map((row) => ({
    title: row.host,
    reason: `${sightOf(row)}.${row.reason === null ? '' : ` ${row.reason}`}`,
    to: `/sensors/${row.host_id}`,
  }));
};

type RefusedCollector = {
  readonly host_id: string;
  readonly host: string;
  readonly name: string;
  readonly state: 'refused' | 'failed' | 'degraded';
  readonly reason: string | null;
};

const losses = async (db: Database, scope: AskedScope, since: Date): Promise<BlindSpot[]> => {
  const { rows } = await sql<{ host_id: string; name: string; events: number; records: number; collectors: string[] }>`
    select l.host_id, a.name, array_agg(distinct l.collector) as collectors,
      coalesce(sum(l.lost) filter (where l.kind = 'events'), 0)::bigint as events,
      coalesce(sum(l.lost) filter (where l.kind = 'records'), 0)::bigint as records
    from losses as l join assets as a on a.id = l.host_id
    where l.last_at >= ${since} and l.lost > 0 and l.kind <> 'arguments' and ${inScope(scope, sql.ref('l.host_id'))}
    group by l.host_id, a.name order by sum(l.lost) desc limit ${limit}`.execute(db);
  return rows.map((row) => ({
    title: row.name,
    reason: `Lost ${lostWords({ lostEvents: row.events, lostRecords: row.records })} (${row.collectors.map(collectorName).join(', ')}) in the last day`,
    to: `/sensors/${row.host_id}`,
  }));
};

const unconfirmed = ({ unscanned, contradicted }: AssetFigures): BlindSpot[] => {
  return [
    ...(unscanned > 0
      ? [
          {
            title: `${unscanned} ${unscanned === 1 ? 'host or image' : 'hosts and images'}`,
            reason: 'Packages not known yet',
            to: '/scans',
          },
        ]
      : []),
    ...(contradicted > 0
      ? [
          {
            title: `${contradicted} ${contradicted === 1 ? 'image' : 'images'}`,
            reason: 'Hosts report different packages',
            to: '/assets?kind=image',
          },
        ]
      : []),
  ];
};

/** Containers whose engine's store is not read are known by their processes, without image, and read only where they have a package database. */
const unknownContainers = ({ unread }: AssetFigures): BlindSpot[] => {
  if (unread === 0) return [];
  return [
    {
      title: `${unread} running ${unread === 1 ? 'container' : 'containers'}`,
      reason: 'Of unknown image, packages not known; “Scan now” reads them',
      to: '/assets?kind=container',
    },
  ];
};

/** Without advisories for its distribution, an asset without findings only looks clean. */
const withoutAdvisories = (found: readonly FoundDistribution[], content: AdvisoryContent): BlindSpot[] => {
  const advisories = content.current();
  if (advisories === undefined) return [];
  return found
    .filter(({ distribution, holding }) => holding > 0 && advisories.coverageOf(distribution).entries === 0)
    .slice(0, limit)
    .map(({ distribution, holding }) => ({
      title: distribution.name,
      reason: `No advisories in the feeds: packages of ${holding} ${holding === 1 ? 'asset' : 'assets'} are listed, not matched`,
      to: '/settings/feeds',
    }));
};

/** New holes in a release that its maker has left are told by nobody: few findings on it mean little. */
const withoutUpdates = (found: readonly FoundDistribution[], now: Date): BlindSpot[] =>
  found
    .flatMap(({ distribution, assets }): BlindSpot[] => {
      const end = endOfLifeOf(distribution, now.getTime());
      if (end === undefined) return [];
      return [
        {
          title: distribution.name,
          reason: `${end.charAt(0).toUpperCase()}${end.slice(1)}: ${assets} ${assets === 1 ? 'asset' : 'assets'}`,
          to: '/assets',
        },
      ];
    })
    .slice(0, limit);

/** Packages of distributions, of which {@link withoutAdvisories} speaks. */
const systemTypes = [...distributionTypes];

/** Names of one type that are tried, to find an asset in scope that has one of them. */
const triedNames = 200;

/** The same for languages and tools. Types come out of the list of names, which is small beside that of all packages. */
const typesWithoutAdvisories = async (
  db: Database,
  content: AdvisoryContent,
  scope: AskedScope,
): Promise<BlindSpot[]> => {
  const advisories = content.current();
  if (advisories === undefined) return [];
  const types = await sql<{ type: string }>`
    select distinct type from package_names where type <> all(${systemTypes}) order by type limit ${peerLimit}`.execute(
    db,
  );
  const uncovered = types.rows.map(({ type }) => type).filter((type) => advisories.coverageOfType(type).entries === 0);
  if (uncovered.length === 0) return [];
  const { rows } = await sql<{ type: string }>`
    select t.type from unnest(${uncovered.slice(0, triedNames)}::text[]) as t (type) where exists (
      select 1 from (select name from package_names as n where n.type = t.type limit ${triedNames}) as n
      join asset_packages as p on p.name = n.name and p.type = t.type and octet_length(p.name) <= 512 and octet_length(p.version) <= 512
      join assets as a on a.id = p.asset_id
      where a.status <> 'gone' and ${inScope(scope, sql.ref('a.id'))}
    ) order by t.type limit ${limit}`.execute(db);
  return rows.map(({ type }) => ({
    title: `Packages of the type ${type}`,
    reason: 'No advisories in the feeds: they are listed, not matched',
    to: '/settings/feeds',
  }));
};

/** Private addresses that talk to us and run no sensor. */
const strangers = async (db: Database, scope: AskedScope): Promise<BlindSpot[]> => {
  const { rows } = await sql<{ peers: number }>`
    select count(*)::int as peers from (
      select distinct e.source_node from edges as e
      where e.source_asset is null and e.source_node like 'peer:%' and e.ended_at is null
        and ${inScope(scope, sql.ref('e.target_asset'))}
      limit ${peerLimit}
    ) as found`.execute(db);
  const peers = rows[0]?.peers ?? 0;
  if (peers === 0) return [];
  const shown = peers >= peerLimit ? `${peerLimit.toLocaleString('en')} or more` : String(peers);
  return [
    { title: `${shown} private ${peers === 1 ? 'address' : 'addresses'}`, reason: 'Talk to us, no sensor', to: '/map' },
  ];
};

const spanOf = (ms: number): string => {
  const minutes = Math.max(1, Math.round(ms / 60_000));
  if (minutes < 120) return `${minutes} min`;
  if (minutes < 2880) return `${Math.round(minutes / 60)} h`;
  return `${Math.round(minutes / 1440)} d`;
};
