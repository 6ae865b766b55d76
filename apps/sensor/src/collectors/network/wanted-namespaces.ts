import { readdirSync, readlinkSync } from 'node:fs';
import { containersInCgroup } from '../../proc/container-ids.ts';
import { readSmall } from '../../proc/read-small.ts';
import type { WorkloadDirectory } from '../workload-directory.ts';

/** A network namespace in which processes of containers are. */
export type WantedNamespace = {
  /** By which it can be entered, as long as that process lives. */
  readonly path: string;
  readonly containerKeys: readonly string[];
  readonly isNested: boolean;
};

/** Looks which there are, by inode number. `thorough` also looks through all processes for those that no runtime told of. */
export type LookForWantedNamespaces = (thorough: boolean) => ReadonlyMap<number, WantedNamespace>;

/**
 * The namespaces that containers start in, as their runtimes tell, and others that processes of containers are in. Of the latter a
 * nested one is known by its process being in a container inside a container, or by the container having started elsewhere. Until
 * a runtime told where it started, what is found is taken for that: the container may be over before the runtime tells, and one of
 * a runtime that cannot be asked is never told.
 */
export const createWantedNamespaces = (
  deps: { readonly procPath: string; readonly workloads: Pick<WorkloadDirectory, 'containers' | 'process'> },
  hostInode: number | undefined,
): LookForWantedNamespaces => {
  let found: ReadonlyMap<number, WantedNamespace> = new Map();
  return (thorough) => {
    const { wanted, started } = startingNamespaces(deps, hostInode);
    if (thorough) found = foundNamespaces(deps, hostInode, wanted, found);
    const settled = new Map<number, WantedNamespace>();
    for (const [inode, entry] of found) {
      const isTold = wanted.has(inode);
      const isNested = !isTold && (entry.isNested || entry.containerKeys.some((key) => started.has(key)));
      settled.set(inode, { ...entry, isNested });
      if (!isTold) wanted.set(inode, { ...entry, isNested });
    }
    found = settled;
    return wanted;
  };
};

/** `net:[4026531840]` */
export const namespaceInode = (path: string): number | undefined => {
  try {
    const inode = Number(readlinkSync(path).slice(5, -1));
    return Number.isInteger(inode) ? inode : undefined;
  } catch {
    // The process is gone, or another user's.
    return undefined;
  }
};

type Deps = Parameters<typeof createWantedNamespaces>[0];

type Starting = {
  readonly wanted: Map<number, WantedNamespace>;
  /** Containers of which it is known where they started, those on the host's network too. */
  readonly started: ReadonlySet<string>;
};

const startingNamespaces = ({ procPath, workloads }: Deps, hostInode: number | undefined): Starting => {
  const wanted = new Map<number, WantedNamespace>();
  const started = new Set<string>();
  for (const { key, pid } of workloads.containers()) {
    if (pid === undefined || pid <= 0) continue;
    const path = `${procPath}/${pid}/ns/net`;
    const inode = namespaceInode(path);
    if (inode === undefined) continue;
    started.add(key);
    if (inode === hostInode) continue;
    const known = wanted.get(inode);
    wanted.set(inode, { path, containerKeys: [...(known?.containerKeys ?? []), key], isNested: false });
  }
  return { wanted, started };
};

const foundNamespaces = (
  { procPath, workloads }: Deps,
  hostInode: number | undefined,
  starting: ReadonlyMap<number, WantedNamespace>,
  before: ReadonlyMap<number, WantedNamespace>,
): ReadonlyMap<number, WantedNamespace> => {
  const found = new Map<number, WantedNamespace>();
  // Most hosts have no containers, and then there is nothing to be found.
  if (starting.size === 0 && workloads.containers().length === 0) return found;
  for (const pid of listPids(procPath)) {
    const path = `${procPath}/${pid}/ns/net`;
    const inode = namespaceInode(path);
    if (inode === undefined || inode === hostInode || starting.has(inode) || found.has(inode)) continue;
    const containerKey = workloads.process(pid)?.containerKey;
    if (containerKey === undefined) continue;
    // A container that ended no longer tells where it started, but what was nested stays so; the number may be another's by now.
    const known = before.get(inode);
    const wasNested = known?.isNested === true && known.containerKeys.includes(containerKey);
    const isNested = wasNested || isInsideAnother(procPath, pid);
    found.set(inode, { path, containerKeys: [containerKey], isNested });
  }
  return found;
};

const isInsideAnother = (procPath: string, pid: number): boolean =>
  containersInCgroup(readSmall(`${procPath}/${pid}/cgroup`)?.text ?? '').length > 1;

const listPids = (procPath: string): readonly number[] => {
  try {
    return readdirSync(procPath)
      .map(Number)
      .filter((pid) => Number.isInteger(pid) && pid > 0);
  } catch {
    return [];
  }
};
