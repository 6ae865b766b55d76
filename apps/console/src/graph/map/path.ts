import type { ResultOf } from '@parapet/contract/api';
import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import { assetThere, edgeThere, type Moment } from '../moment.ts';
import { containerId, hostId, internetId, outsideId, shownName } from '../node-id.ts';
import type { ScopeFilter } from '../scope-filter.ts';
import { splitAssets } from './neighbourhood.ts';
import type { WantedAssets } from './wanted-assets.ts';

type Paths = ResultOf<'map.path'>['paths'];
type Step = Paths[number]['steps'][number];

/** Longer ways are not looked for, and no more assets than this are passed on the search. */
const maxHops = 6;
const maxSeen = 5_000;
const maxPaths = 5;

/** The shortest observed ways from the Internet to an asset, the most used first; an image's lead to its containers. */
export const readPaths = async (
  db: Database,
  moment: Moment,
  inScope: ScopeFilter,
  assetId: string,
): Promise<Paths> => {
  const search = await searchBackwards(db, moment, await targetsOf(db, moment, inScope, assetId));
  const chains = chainsOf(search).slice(0, maxPaths);
  const assets = await readSteps(db, inScope, [...new Set(chains.flat().flatMap((hop) => [hop.source, hop.target]))]);
  return chains.map((chain) => ({ steps: stepsOf(chain, assets) }));
};

/** The assets on these ways, for a view of nothing else. */
export const readRoute = async (
  db: Database,
  moment: Moment,
  inScope: ScopeFilter,
  assetId: string,
): Promise<WantedAssets> => {
  const targets = await targetsOf(db, moment, inScope, assetId);
  const chains = chainsOf(await searchBackwards(db, moment, targets)).slice(0, maxPaths);
  const hops = chains.flat();
  const passed = hops.flatMap((hop) => [hop.source, hop.target]).filter((id) => id !== internetId);
  const assets = await splitAssets(db, [...new Set([...targets, ...passed])]);
  return { ...assets, pairs: hops.map((hop) => [hop.source === internetId ? null : hop.source, hop.target] as const) };
};

/** One edge of a way; the source is an asset or the Internet. */
type Hop = {
  readonly source: string;
  readonly target: string;
  readonly protocol: 'tcp' | 'udp';
  readonly port: number;
  readonly connections: number;
};
type Search = {
  readonly targets: readonly string[];
  readonly hopsInto: ReadonlyMap<string, readonly Hop[]>;
  readonly found: number;
};

const targetsOf = async (
  db: Database,
  moment: Moment,
  inScope: ScopeFilter,
  assetId: string,
): Promise<readonly string[]> => {
  const { rows } = await sql<{ id: string }>`
    select a.id from assets a
    where (a.id = ${assetId}::uuid or (a.image_id = ${assetId}::uuid and ${assetThere('a', moment)})) and a.kind in ('host', 'container') and ${inScope('a')}
    limit 200`.execute(db);
  return rows.map((row) => row.id);
};

/** Goes from the targets against the edges, one level at a time, until the Internet is met. */
const searchBackwards = async (db: Database, moment: Moment, targets: readonly string[]): Promise<Search> => {
  const hopsInto = new Map<string, readonly Hop[]>();
  const seen = new Set(targets);
  let frontier = targets;
  for (let depth = 1; depth <= maxHops && frontier.length > 0 && seen.size <= maxSeen; depth += 1) {
    const hops = await hopsTo(db, moment, frontier);
    const usable = hops.filter((hop) => hop.source === internetId || !seen.has(hop.source));
    for (const [target, into] of Map.groupBy(usable, (hop) => hop.target)) hopsInto.set(target, into);
    if (usable.some((hop) => hop.source === internetId)) return { targets, hopsInto, found: depth };
    frontier = [...new Set(usable.map((hop) => hop.source))];
    for (const id of frontier) seen.add(id);
  }
  return { targets, hopsInto, found: 0 };
};

/** For each pair of assets the busiest edge between them. */
const hopsTo = async (db: Database, moment: Moment, targets: readonly string[]): Promise<readonly Hop[]> => {
  const { rows } = await sql<Hop>`
    select distinct on (1, 2) coalesce(e.source_asset::text, 'internet') as source, e.target_asset::text as target,
      e.protocol, e.port, e.connections::float8 as connections
    from edges e
    where e.target_asset = any(${targets}::uuid[]) and (e.source_asset is not null or e.source_node = 'internet')
      and e.source_asset is distinct from e.target_asset and ${edgeThere('e', moment)}
    order by 1, 2, e.connections desc limit ${maxSeen}`.execute(db);
  return rows;
};

/** All ways of the length that was found, from the Internet on. */
const chainsOf = (search: Search): readonly (readonly Hop[])[] => {
  if (search.found === 0) return [];
  const chains: (readonly Hop[])[] = [];
  const walk = (asset: string, behind: readonly Hop[]): void => {
    if (chains.length >= maxPaths * 20) return;
    for (const hop of search.hopsInto.get(asset) ?? []) {
      const chain = [hop, ...behind];
      if (hop.source === internetId) chains.push(chain);
      else if (chain.length < search.found) walk(hop.source, chain);
    }
  };
  for (const target of search.targets) walk(target, []);
  const narrowest = (chain: readonly Hop[]): number => Math.min(...chain.map((hop) => hop.connections));
  return chains.filter((chain) => chain.length === search.found).sort((a, b) => narrowest(b) - narrowest(a));
};

type StepAsset = { readonly id: string; readonly kind: string; readonly name: string; readonly risk: number | null };

/** The assets of the ways that the caller may see. */
const readSteps = async (
  db: Database,
  inScope: ScopeFilter,
  ids: readonly string[],
): Promise<ReadonlyMap<string, StepAsset>> => {
  const assets = ids.filter((id) => id !== internetId);
  if (assets.length === 0) return new Map();
  const { rows } = await sql<StepAsset>`
    select a.id, a.kind, a.name, a.risk from assets a where a.id = any(${assets}::uuid[]) and ${inScope('a')}`.execute(
    db,
  );
  return new Map(rows.map((row) => [row.id, row]));
};

const stepsOf = (chain: readonly Hop[], assets: ReadonlyMap<string, StepAsset>): Step[] => [
  { nodeId: internetId, label: 'Internet' },
  ...chain.map((hop): Step => {
    const asset = assets.get(hop.target);
    const way = { protocol: hop.protocol, port: hop.port, connections: hop.connections };
    if (asset === undefined) return { nodeId: outsideId, label: 'Outside your scope', ...way };
    return {
      nodeId: asset.kind === 'host' ? hostId(asset.id) : containerId(asset.id),
      label: shownName(asset.name),
      ...way,
      ...(asset.risk === null ? {} : { risk: asset.risk }),
    };
  }),
];
