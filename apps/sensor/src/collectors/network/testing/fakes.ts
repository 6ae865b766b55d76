import type { ContainerRecord, InventoryRecord } from '@parapet/contract/wire';
import { isInBlock } from '@parapet/core';
import type { Endpoint, FlowTracking, SocketEnds, SocketRow, TrackedFlow } from '@parapet/kernel';
import { createProcessMemory } from '../../../kernel-watch/process-memory.ts';
import type { KnownContainer, KnownProcess } from '../../workload-directory.ts';
import { createAddressBook } from '../address-book.ts';
import { type Attribute, createAttribution } from '../attribution.ts';
import { createConnectionIndex } from '../connection-index.ts';
import { createDockerProxies } from '../docker-proxy.ts';
import { createEdgeBook } from '../edge-book.ts';
import { createFlowAccounting } from '../flow-accounting.ts';
import { createFlowTable } from '../flow-table.ts';
import { createHolders } from '../holders.ts';
import { listenerKeyOf } from '../namespace-view.ts';
import type { Listener, NamespaceView } from '../network-view.ts';
import { createPeerResolver } from '../peers.ts';
import { createProbedConnections } from '../probed-connections.ts';
import { createProxyLedger } from '../proxy-ledger.ts';
import type { SocketOwners } from '../socket-owners.ts';

/** `10.0.0.1:80`, `[::1]:80` */
export const end = (text: string): Endpoint => {
  const at = text.lastIndexOf(':');
  return { address: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) };
};

export const row = (overrides: Partial<SocketRow> & Pick<SocketRow, 'local' | 'peer'>): SocketRow => ({
  protocol: 'tcp',
  state: 'connected',
  uid: 0,
  inode: 0,
  identity: overrides.local.port * 65_536 + overrides.peer.port,
  ...overrides,
});

export const flow = (
  original: readonly [string, string],
  reply: readonly [string, string],
  overrides: Partial<TrackedFlow> = {},
): TrackedFlow => ({
  protocol: 'tcp',
  original: { source: end(original[0]), destination: end(original[1]) },
  reply: { source: end(reply[0]), destination: end(reply[1]) },
  answered: true,
  zone: 0,
  ...overrides,
});

export const program = (pid: number, executable: string, containerKey?: string): KnownProcess => ({
  key: `${pid}:1`,
  pid,
  executable,
  containerKey,
});

export type FakeView = Partial<Pick<NamespaceView, 'isHost' | 'isNested' | 'containerKeys' | 'openedAt'>> & {
  readonly inode: number;
  readonly addresses: readonly string[];
  readonly ends?: SocketEnds;
  readonly list?: NamespaceView['list'];
};

export const fakeView = (options: FakeView): NamespaceView => ({
  isHost: false,
  source: 'sock_diag',
  list: () => ({ ok: true, value: { complete: true } }),
  openedAt: 0,
  clientPorts: { from: 32_768, to: 60_999 },
  containerKeys: [],
  isNested: false,
  connections: new Map(),
  boundSince: new Map(),
  census: { look: 0, bound: [], refused: 0, dueAt: 0, stirred: false },
  listeners: new Map(),
  refreshAddresses: () => {},
  close: () => {},
  ...options,
  ends: options.ends ?? { drain: () => ({ overruns: 0, more: false }), close: () => {} },
  addresses: new Set(options.addresses),
});

export const listenAt = (view: NamespaceView, ...listeners: readonly Listener[]): void => {
  const all = new Map<string, Listener[]>();
  for (const listener of listeners) {
    const key = listenerKeyOf(listener.row.protocol, listener.row.local.port);
    all.set(key, [...(all.get(key) ?? []), listener]);
  }
  view.listeners = all;
};

export const listener = (
  address: string,
  owner?: KnownProcess,
  proxy?: Listener['proxy'],
  protocol: 'tcp' | 'udp' = 'tcp',
): Listener => ({
  row: row({ protocol, state: 'listening', local: end(address), peer: end('0.0.0.0:0') }),
  owner,
  proxy,
});

export const container = (
  key: string,
  networks: readonly { readonly name: string; readonly address: string }[],
): KnownContainer => ({
  key,
  pid: 1,
  record: {
    key,
    networks: networks.map((network) => ({
      ...network,
      networkId: network.name,
      prefixLength: network.address.includes(':') ? 64 : 24,
    })),
  } as unknown as ContainerRecord,
});

/** All that decides about edges, over namespaces that a test makes up. The host has 192.0.2.2 and 172.17.0.1. */
export const createScene = (views: readonly NamespaceView[] = [], containers: readonly KnownContainer[] = []) => {
  const host = fakeView({ inode: 1, isHost: true, addresses: ['192.0.2.2', '172.17.0.1', '127.0.0.1'] });
  const owned = new Map<number, KnownProcess>();
  const ownerless = new Set<number>();
  const records = new Map<string, InventoryRecord>();
  const namespaces = {
    host: () => host,
    ofContainer: (key: string) => views.find((view) => view.containerKeys.includes(key) && !view.isNested),
  };
  const owners: SocketOwners = {
    ownerOf: (inode) => owned.get(inode),
    isOwnerless: (inode) => ownerless.has(inode),
    search: () => {},
    expectAt: () => {},
    keepOnly: () => {},
  };
  const addresses = createAddressBook(isInBlock);
  addresses.update(containers, 0);
  const holders = createHolders({
    workloads: { containerByRuntimeId: () => undefined, process: () => undefined },
    owners,
  });
  const edges = createEdgeBook({
    inventory: { put: (record) => records.set(record.key, record) },
    markSocketOwner: () => {},
    lose: () => {},
  });
  const probed = createProbedConnections({
    memory: createProcessMemory(),
    running: () => undefined,
    catchUp: () => {},
    lose: () => {},
  });
  const deps = {
    namespaces,
    addresses,
    owners,
    holders,
    edges,
    connections: createConnectionIndex(1000),
    flows: createFlowTable(1000, () => {}),
    proxies: createDockerProxies(() => []),
    ledger: createProxyLedger(),
    probed,
    peers: createPeerResolver({ namespaces, addresses }),
  };
  const attribute: Attribute = createAttribution(deps);
  const accounting = createFlowAccounting({ ...deps, isProbed: () => false });
  return {
    ...deps,
    host,
    owned,
    ownerless,
    attribute,
    settle: (now: number, find?: FlowTracking['find']) => accounting.settle(now, find),
    /** The edges as the console would get them. */
    told: () => {
      edges.flush(1_000_000);
      return [...records.values()];
    },
  };
};
