import type { EdgeEnd } from '../edge-index/edge-columns.ts';
import type { SeenAssets, SeenEdges } from '../graph-in-memory.ts';
import { maxAssets } from '../map/neighbourhood.ts';
import type { WantedAssets } from '../map/wanted-assets.ts';

/** The same as `readNeighbourhood` now, in memory. */
export const findNeighbourhood = (
  assets: SeenAssets,
  { columns }: SeenEdges,
  assetId: string,
  hops: number,
): WantedAssets => {
  const found = startingAt(assets, assetId);
  let frontier: ReadonlySet<string> = new Set(found.keys());
  for (let hop = 0; hop < hops && frontier.size > 0 && found.size < maxAssets; hop += 1) {
    const next = neighboursOf(columns, frontier)
      .filter(({ id }) => assets.visible?.has(id) !== false)
      .sort(byRiskAndId(assets))
      .slice(0, maxAssets - found.size)
      .filter(({ id }) => !found.has(id));
    for (const asset of next) found.set(asset.id, asset);
    frontier = new Set(next.map(({ id }) => id));
  }
  return split([...found.values()]);
};

type Asset = Pick<Extract<EdgeEnd, { kind: 'asset' }>, 'id' | 'hostId'>;

const startingAt = ({ table, visible }: SeenAssets, assetId: string): Map<string, Asset> => {
  const found = new Map<string, Asset>();
  const add = (asset: Asset | undefined): void => {
    if (asset !== undefined && visible?.has(asset.id) !== false && found.size < maxAssets) found.set(asset.id, asset);
  };
  add(table.get(assetId));
  for (const container of table.containersOf(assetId)) add(container);
  return found;
};

/** The assets at the other ends of the edges of some, without these. */
const neighboursOf = (columns: SeenEdges['columns'], of: ReadonlySet<string>): readonly Asset[] => {
  const { ends, slots, live, sources, targets } = columns;
  const isOf = new Uint8Array(ends.length);
  for (let at = 0; at < ends.length; at += 1) {
    const end = ends[at];
    if (end?.kind === 'asset' && of.has(end.id)) isOf[at] = 1;
  }
  const found = new Set<number>();
  for (let slot = 0; slot < slots; slot += 1) {
    if (live[slot] === 0) continue;
    const source = sources[slot] ?? 0;
    const target = targets[slot] ?? 0;
    if (isOf[source] === isOf[target]) continue;
    found.add(isOf[source] === 1 ? target : source);
  }
  return [...found].flatMap((number) => {
    const end = ends[number];
    return end?.kind === 'asset' ? [end] : [];
  });
};

/** An asset that is over while an edge of it is not comes last. */
const byRiskAndId =
  ({ table }: SeenAssets) =>
  (a: Asset, b: Asset): number =>
    (table.get(b.id)?.risk ?? -1) - (table.get(a.id)?.risk ?? -1) || (a.id < b.id ? -1 : 1);

const split = (assets: readonly Asset[]): WantedAssets => {
  const containers = assets.filter(({ id, hostId }) => id !== hostId);
  const wholeHosts = assets.filter(({ id, hostId }) => id === hostId).map(({ id }) => id);
  return {
    hosts: new Set([...wholeHosts, ...containers.map(({ hostId }) => hostId)]),
    containers: new Set(containers.map(({ id }) => id)),
    wholeHosts: new Set(wholeHosts),
  };
};
