import { isLoopback } from './flow-table.ts';
import type { Holders } from './holders.ts';
import type { NamespaceView } from './network-view.ts';
import type { ProbedConnection } from './probed-connections.ts';

/**
 * Network namespaces of containers that were gone before they could be entered, as their connections show them: whose they were
 * and which addresses they had.
 */
export type UnwatchedViews = {
  /** `undefined` for a namespace that belongs to no container. */
  readonly viewOf: (connection: ProbedConnection, now: number) => NamespaceView | undefined;
};

const maxViews = 512;
const maxAddresses = 64;

export const createUnwatchedViews = ({ containerKeyOf }: Pick<Holders, 'containerKeyOf'>): UnwatchedViews => {
  const views = new Map<number, NamespaceView>();
  return {
    viewOf: ({ netNamespace, holder, local }, now) => {
      const containerKey = holder === undefined ? undefined : containerKeyOf(holder);
      const known = views.get(netNamespace);
      if (containerKey === undefined && known === undefined) return undefined;
      const view = known ?? unwatchedView(netNamespace, holder?.isNested === true, now);
      // Its number may be another namespace's by now.
      if (containerKey !== undefined) view.containerKeys = [containerKey];
      if (!isLoopback(local.address) && view.addresses.size < maxAddresses)
        view.addresses = new Set([...view.addresses, local.address]);
      views.delete(netNamespace);
      views.set(netNamespace, view);
      const [oldest] = views.keys();
      if (views.size > maxViews && oldest !== undefined) views.delete(oldest);
      return view;
    },
  };
};

const unwatchedView = (inode: number, isNested: boolean, now: number): NamespaceView => ({
  inode,
  isHost: false,
  isNested,
  source: 'ebpf',
  list: () => ({ ok: true, value: { complete: true } }),
  ends: undefined,
  openedAt: now,
  // What each end does is told with its connections.
  clientPorts: { from: 0, to: 0 },
  containerKeys: [],
  addresses: new Set(),
  connections: new Map(),
  boundSince: new Map(),
  census: { look: 0, bound: [], refused: 0, dueAt: Number.POSITIVE_INFINITY, stirred: false },
  listeners: new Map(),
  refreshAddresses: () => {},
  close: () => {},
});
