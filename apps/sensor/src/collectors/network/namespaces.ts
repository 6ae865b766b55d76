import type { WorkloadDirectory } from '../workload-directory.ts';
import { openNamespaceView } from './namespace-view.ts';
import type { NamespaceView } from './network-view.ts';
import { createWantedNamespaces, namespaceInode, type WantedNamespace } from './wanted-namespaces.ts';

/**
 * The network namespaces to watch: the host's, those that containers start in, and those found inside containers. Others
 * (of services with a private network, of `ip netns`) are no workload's and are left alone.
 */
export type Namespaces = {
  /** The host's first. */
  readonly views: () => readonly NamespaceView[];
  readonly host: () => NamespaceView;
  /** The watched one with this inode number. */
  readonly at: (inode: number) => NamespaceView | undefined;
  /** The inode number of a view's namespace. */
  readonly inodeOf: (view: NamespaceView) => number | undefined;
  /** The one a container starts in. */
  readonly ofContainer: (containerKey: string) => NamespaceView | undefined;
  /**
   * Opens what came and hands back what went, still open, for a last look before it is closed. `thorough` also looks through
   * all processes for those that no runtime told of, and reads the addresses anew.
   */
  readonly refresh: (now: number, thorough: boolean) => readonly NamespaceView[];
  /** Namespaces that should be watched and are not, with the last reason. */
  readonly missed: () => { readonly count: number; readonly reason: string };
  readonly close: () => void;
};

export type NamespacesDeps = {
  readonly procPath: string;
  readonly workloads: Pick<WorkloadDirectory, 'containers' | 'process'>;
  /** Entering other namespaces needs root. */
  readonly mayEnter: boolean;
};

/** Throws when not even the host's own sockets can be seen. */
export const createNamespaces = (deps: NamespacesDeps, now: number): Namespaces => {
  const opened = openNamespaceView(ownPath, { isHost: true, isNested: false, containerKeys: [] }, now);
  if (!opened.ok) throw new Error(opened.error.message);
  const host = opened.value;
  const hostInode = namespaceInode(ownPath);
  const lookForWanted = createWantedNamespaces(deps, hostInode);
  const others = new Map<number, NamespaceView>();
  let missed = { count: 0, reason: '' };

  const refresh = (at: number, thorough: boolean): readonly NamespaceView[] => {
    const wanted = lookForWanted(thorough);
    const gone = [...others.values()].filter((view) => !wanted.has(view.inode));
    for (const view of gone) others.delete(view.inode);
    missed = openWanted(others, wanted, at);
    if (thorough) for (const view of [host, ...others.values()]) view.refreshAddresses();
    return gone;
  };

  return {
    views: () => [host, ...others.values()],
    host: () => host,
    at: (inode) => (inode === hostInode ? host : others.get(inode)),
    inodeOf: (view) => (view.isHost ? hostInode : view.inode),
    ofContainer: (containerKey) =>
      [...others.values()].find((view) => !view.isNested && view.containerKeys.includes(containerKey)),
    refresh: (at, thorough) => {
      if (deps.mayEnter) return refresh(at, thorough);
      if (thorough) host.refreshAddresses();
      return [];
    },
    missed: () => missed,
    close: () => {
      for (const view of [host, ...others.values()]) view.close();
      others.clear();
    },
  };
};

const ownPath = '/proc/self/ns/net';
/** Two file descriptors and a look each; more than any ordinary host has containers. */
const maxNamespaces = 512;

const openWanted = (
  views: Map<number, NamespaceView>,
  wanted: ReadonlyMap<number, WantedNamespace>,
  now: number,
): { readonly count: number; readonly reason: string } => {
  let missed = { count: 0, reason: '' };
  for (const [inode, { path, containerKeys, isNested }] of wanted) {
    const known = views.get(inode);
    if (known !== undefined) {
      known.containerKeys = containerKeys;
      known.isNested = isNested;
      continue;
    }
    if (views.size >= maxNamespaces) {
      missed = { count: missed.count + 1, reason: `more than ${maxNamespaces} network namespaces` };
      continue;
    }
    const opened = openNamespaceView(path, { isHost: false, isNested, containerKeys }, now);
    if (opened.ok && opened.value.inode === inode) views.set(inode, opened.value);
    else if (opened.ok) opened.value.close();
    // A container that just ended is no loss of sight.
    else if (namespaceInode(path) === inode) missed = { count: missed.count + 1, reason: opened.error.message };
  }
  return missed;
};
