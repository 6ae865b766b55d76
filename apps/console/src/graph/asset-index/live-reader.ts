import type { SeenAssets } from '../graph-in-memory.ts';
import type { ContainerRow } from '../map/plan-contents.ts';
import type { HostRow } from '../map/plan-hosts.ts';
import type { AssetReader } from '../map/read-assets.ts';
import { type AssetTable, byName, type LiveAsset } from './asset-table.ts';

/** The same as `createAssetReader` now: hosts and containers from memory, what runs and listens on them from the database. */
export const createLiveReader = ({ table, visible }: SeenAssets, database: AssetReader): AssetReader => {
  const isSeen = ({ id }: LiveAsset): boolean => visible?.has(id) !== false;
  return {
    ...database,
    hosts: async () => {
      const held = countContainers(table, isSeen);
      return table.hosts().flatMap((host) => {
        const inScope = isSeen(host);
        const contents = held.get(host.id);
        if (!inScope && contents === undefined) return [];
        return [presentHost(host, contents, { inScope, silent: table.isSilent(host.id) || host.unknown })];
      });
    },
    containers: async (hostIds, limit) => {
      const found = [...new Set(hostIds)].flatMap((id) => [...table.containersOf(id)].filter(isSeen));
      return found
        .sort(byRisk)
        .slice(0, limit)
        .map((row) => presentContainer(row, table.isSilent(row.hostId) || row.unknown));
    },
    hostsOfContainers: async (ids) => {
      const known = ids.map((id) => table.get(id));
      // Of one that is over the database still knows the host.
      if (known.includes(undefined)) return database.hostsOfContainers(ids);
      return new Map(
        known.flatMap((asset) =>
          asset?.kind === 'container' && isSeen(asset) ? [[asset.id, asset.hostId] as const] : [],
        ),
      );
    },
  };
};

type Contents = { count: number; risk: number | undefined };

const countContainers = (table: AssetTable, isSeen: (asset: LiveAsset) => boolean): ReadonlyMap<string, Contents> => {
  const held = new Map<string, Contents>();
  for (const [hostId, containers] of table.containersByHost()) {
    const contents: Contents = { count: 0, risk: undefined };
    for (const container of containers) {
      if (!isSeen(container)) continue;
      contents.count += 1;
      contents.risk = higher(contents.risk, container.risk);
    }
    if (contents.count > 0) held.set(hostId, contents);
  }
  return held;
};

const higher = (a: number | undefined, b: number | undefined): number | undefined =>
  a === undefined || (b !== undefined && b > a) ? b : a;

const presentHost = (
  { id, name, zone, risk, labels, since }: LiveAsset,
  contents: Contents | undefined,
  seen: { readonly inScope: boolean; readonly silent: boolean },
): HostRow => ({
  ...{ id, name, zone, labels, since, ...seen },
  containers: contents?.count ?? 0,
  risk: higher(risk, contents?.risk),
  ownRisk: risk,
});

const presentContainer = (
  { id, hostId, name, imageId, imageName, risk, privileged, since }: LiveAsset,
  silent: boolean,
): ContainerRow => ({ id, hostId, name, imageId, imageName, silent, risk, privileged, since });

/** The riskiest first, those without one last. */
export const byRisk = (a: LiveAsset, b: LiveAsset): number => (b.risk ?? -1) - (a.risk ?? -1) || byName(a, b);
