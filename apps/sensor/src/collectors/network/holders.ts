import type { KnownProcess, WorkloadDirectory } from '../workload-directory.ts';
import type { Connection } from './network-view.ts';
import { defaultContainer } from './peers.ts';
import type { Holder } from './probed-connections.ts';
import type { SocketOwners } from './socket-owners.ts';

/** Who holds a connection: as the kernel told when it began, else by the links in /proc. */
export type Holders = {
  readonly ofConnection: (connection: Connection) => KnownProcess | undefined;
  /** Its container has not been told by a runtime; it may be in a moment. */
  readonly isContainerUnknown: (connection: Connection) => boolean;
  readonly containerKeyOf: (holder: Holder) => string | undefined;
};

export const createHolders = (deps: {
  readonly workloads: Pick<WorkloadDirectory, 'containerByRuntimeId' | 'process'>;
  readonly owners: Pick<SocketOwners, 'ownerOf'>;
}): Holders => {
  const containerKeyOf = ({ container, isNested }: Holder): string | undefined =>
    container === undefined
      ? undefined
      : // A runtime that told of it already let it go again names it so too; one inside a container has no runtime that we know.
        (deps.workloads.containerByRuntimeId(container.id)?.key ??
        `${isNested ? 'unknown' : container.runtime}:${container.id}`);
  return {
    ofConnection: ({ namespace, holder, inode }) => {
      if (holder === undefined) return deps.owners.ownerOf(inode);
      const { key, pid, executable } = holder;
      const containerKey = containerKeyOf(holder);
      if (containerKey !== undefined || namespace.isHost) return { key, pid, executable, containerKey };
      // The kernel names the group of one hierarchy, and not every runtime makes all: as long as it lives /proc tells of the others.
      const living = deps.workloads.process(pid);
      if (living?.key === key) return living;
      return { key, pid, executable, containerKey: defaultContainer(namespace) };
    },
    isContainerUnknown: ({ holder }) =>
      holder?.container !== undefined && deps.workloads.containerByRuntimeId(holder.container.id) === undefined,
    containerKeyOf,
  };
};
