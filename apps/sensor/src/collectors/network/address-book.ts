import type { KnownContainer } from '../workload-directory.ts';

export type ContainerAddress = { readonly containerKey: string; readonly networks: ReadonlySet<string> };

/** Which container has which address, as the runtime tells it. */
export type AddressBook = {
  readonly update: (containers: readonly KnownContainer[], now: number) => void;
  /** The container with this address; for a short while also one that ended, since its traffic is told of later. */
  readonly find: (address: string) => ContainerAddress | undefined;
  /** Whether a container was there and is no more; remembered for a while, since its traffic is told of later. */
  readonly hasEnded: (containerKey: string) => boolean;
  /** Names of the runtime networks of a container; remembered as long as its addresses. */
  readonly networksOf: (containerKey: string) => ReadonlySet<string>;
  /** The runtime network an address lies in, of those given, or of all. */
  readonly networkAt: (address: string, among: ReadonlySet<string> | undefined) => string | undefined;
};

export const createAddressBook = (inBlock: (address: string, cidr: string) => boolean): AddressBook => {
  const addresses = new Map<string, ContainerAddress & { readonly until: number }>();
  const networks = new Map<string, ReadonlySet<string>>();
  const ended = new Map<string, number>();
  const blocks = new Map<string, { readonly name: string; readonly cidr: string }>();

  return {
    update: (containers, now) => {
      const present = new Set(containers.map(({ key }) => key));
      for (const key of networks.keys()) if (!present.has(key) && !ended.has(key)) ended.set(key, now + rememberMs);
      for (const [key, until] of ended) {
        if (until >= now && !present.has(key)) continue;
        ended.delete(key);
        networks.delete(key);
      }
      blocks.clear();
      for (const [address, entry] of addresses) if (entry.until < now) addresses.delete(address);
      for (const { key, record } of containers) {
        const names = new Set(record.networks.map((network) => network.name));
        networks.set(key, names);
        for (const network of record.networks) {
          if (network.address === '') continue;
          addresses.set(network.address, { containerKey: key, networks: names, until: now + rememberMs });
          // Any member's address with the prefix length names the block; one for each family is enough.
          const family = network.address.includes(':') ? 'ipv6' : 'ipv4';
          const cidr = `${network.address}/${network.prefixLength}`;
          blocks.set(`${network.name}|${family}|${network.prefixLength}`, { name: network.name, cidr });
        }
      }
    },
    find: (address) => addresses.get(address),
    hasEnded: (containerKey) => ended.has(containerKey),
    networksOf: (containerKey) => networks.get(containerKey) ?? none,
    networkAt: (address, among) => {
      for (const { name, cidr } of blocks.values())
        if ((among === undefined || among.has(name)) && inBlock(address, cidr)) return name;
      return undefined;
    },
  };
};

/** Connection tracking tells of an ended TCP flow two minutes later; an edge ends after five without a sign anyway. */
const rememberMs = 300_000;
const none: ReadonlySet<string> = new Set();
