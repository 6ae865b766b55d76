import type { CollectorStatus } from '../collector.ts';

export type RootsState = {
  /** Why the host's own folders are not watched; `undefined` when they are. */
  readonly hostRefusal: string | undefined;
  /** Some roots tell only what was written, not what was created, renamed or deleted. */
  readonly writesOnly: boolean;
  /** More folders than are watched. */
  readonly isPartial: boolean;
  /** Containers that are not watched at all, and the last reason. */
  readonly unwatchedContainers: number;
  readonly problem: string | undefined;
};

/** For as long as a policy leaves out all that is told of files. */
export const restingStatus: CollectorStatus = {
  ...{ state: 'running', source: 'fanotify' },
  reason: 'The telemetry policy wants nothing of files, so none are watched and they are in no count.',
};

export const fileStatus = (state: RootsState, kernelRefusal: string | undefined): CollectorStatus => {
  if (state.hostRefusal !== undefined) return { state: 'refused', source: 'none', reason: state.hostRefusal };
  const failures = [
    state.writesOnly &&
      'This kernel tells of some files only that they were written (Linux 5.9 tells all, on tmpfs 5.13, in containers 6.6).',
    state.unwatchedContainers > 0 && `The files of ${state.unwatchedContainers} containers are not watched.`,
    state.problem !== undefined && state.problem,
    kernelRefusal !== undefined && `Processes that ended at once are told by their number only. ${kernelRefusal}`,
  ].filter((reason) => reason !== false);
  // No failure, but a limit that is meant: most hosts with a compiler and its packages have more.
  const limits = state.isPartial
    ? ['There are more folders than are watched: the deepest are left out. PARAPET_WATCHED_PATHS chooses others.']
    : [];
  const reasons = [...failures, ...limits];
  return {
    ...{ state: failures.length === 0 ? 'running' : 'degraded', source: 'fanotify' },
    ...(reasons.length === 0 ? {} : { reason: reasons.join(' ') }),
  };
};
