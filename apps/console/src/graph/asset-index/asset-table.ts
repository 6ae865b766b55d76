/** A host that is there, or a container that is. */
export type LiveAsset = {
  readonly id: string;
  readonly kind: 'host' | 'container';
  /** The host of a container; a host's own id. */
  readonly hostId: string;
  readonly name: string;
  /** Nothing was heard of it. */
  readonly unknown: boolean;
  readonly risk: number | undefined;
  readonly since: Date;
  /** Of a host. */
  readonly zone: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Of a container. */
  readonly imageId: string | undefined;
  readonly imageName: string;
  readonly privileged: boolean;
};

/** Live hosts and containers by their ids. */
export type AssetTable = {
  readonly size: () => number;
  readonly get: (id: string) => LiveAsset | undefined;
  readonly ids: () => Iterable<string>;
  readonly containersOf: (hostId: string) => Iterable<LiveAsset>;
  /** Ids of hosts with the containers there. */
  readonly containersByHost: () => Iterable<readonly [hostId: string, containers: Iterable<LiveAsset>]>;
  /** In the order of their names, then of their ids. */
  readonly hosts: () => readonly LiveAsset[];
  /** Nothing is heard of the host's sensor. */
  readonly isSilent: (hostId: string) => boolean;
  readonly put: (asset: LiveAsset) => void;
  readonly remove: (id: string) => void;
  readonly setSilent: (hostIds: readonly string[]) => void;
};

/** Bytes of an asset in memory, its names and its place in the maps included, as measured with 50,000 of them that have two labels each. */
export const keptBytes = 800;

export const createAssetTable = (): AssetTable => {
  const hosts = new Map<string, LiveAsset>();
  const containers = new Map<string, LiveAsset>();
  const byHost = new Map<string, Map<string, LiveAsset>>();
  let ordered: readonly LiveAsset[] | undefined;
  let silent: ReadonlySet<string> = new Set();

  const removeContainer = ({ id, hostId }: LiveAsset): void => {
    containers.delete(id);
    const there = byHost.get(hostId);
    there?.delete(id);
    if (there?.size === 0) byHost.delete(hostId);
  };

  const putContainer = (asset: LiveAsset): void => {
    const known = containers.get(asset.id);
    if (known !== undefined && known.hostId !== asset.hostId) removeContainer(known);
    containers.set(asset.id, asset);
    const there = byHost.get(asset.hostId) ?? new Map<string, LiveAsset>();
    byHost.set(asset.hostId, there.set(asset.id, asset));
  };

  return {
    size: () => hosts.size + containers.size,
    get: (id) => containers.get(id) ?? hosts.get(id),
    ids: function* () {
      yield* hosts.keys();
      yield* containers.keys();
    },
    containersOf: (hostId) => byHost.get(hostId)?.values() ?? [],
    containersByHost: function* () {
      for (const [hostId, there] of byHost) yield [hostId, there.values()];
    },
    hosts: () => {
      ordered ??= [...hosts.values()].sort(byName);
      return ordered;
    },
    isSilent: (hostId) => silent.has(hostId),
    put: (asset) => {
      if (asset.kind === 'container') putContainer(asset);
      else {
        hosts.set(asset.id, asset);
        ordered = undefined;
      }
    },
    remove: (id) => {
      if (hosts.delete(id)) ordered = undefined;
      const container = containers.get(id);
      if (container !== undefined) removeContainer(container);
    },
    setSilent: (hostIds) => {
      silent = new Set(hostIds);
    },
  };
};

/** As the database orders texts, which is by their characters' numbers. */
export const byName = (a: LiveAsset, b: LiveAsset): number =>
  a.name === b.name ? (a.id < b.id ? -1 : 1) : a.name < b.name ? -1 : 1;
