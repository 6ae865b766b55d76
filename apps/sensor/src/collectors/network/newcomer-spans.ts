import type { BlindSpan } from '../collector.ts';
import type { KnownContainer } from '../workload-directory.ts';

/**
 * Without programs in the kernel a container is watched only once its runtime told of it: what it did before is a blind span,
 * from its start until its network was entered, or until its end if it never was.
 */
export type NewcomerSpans = {
  /** `openedAt`: since when a container's network is watched, `undefined` while it is not. */
  readonly note: (
    containers: readonly KnownContainer[],
    openedAt: (containerKey: string) => number | undefined,
    now: number,
  ) => void;
};

export const createNewcomerSpans = (open: (since: number) => BlindSpan, startedAt: number): NewcomerSpans => {
  let known = new Map<string, { readonly key: string; readonly since: number; isWatched: boolean }>();
  return {
    note: (containers, openedAt, now) => {
      const present: typeof known = new Map();
      for (const container of containers) {
        if (!hasOwnNetwork(container)) continue;
        const life = `${container.key} ${container.record.startedAt}`;
        const since = Math.max(container.record.startedAt, startedAt);
        const newcomer = known.get(life) ?? { key: container.key, since, isWatched: false };
        present.set(life, newcomer);
        const watchedSince = newcomer.isWatched ? undefined : openedAt(container.key);
        if (watchedSince === undefined) continue;
        newcomer.isWatched = true;
        if (watchedSince > newcomer.since) open(newcomer.since).end(watchedSince);
      }
      for (const [life, { since, isWatched }] of known)
        if (!present.has(life) && !isWatched && now > since) open(since).end(now);
      known = present;
    },
  };
};

/** One without is seen with the host, or with the container whose network it shares; without a pid nothing can be entered. */
const hasOwnNetwork = ({ pid, record }: KnownContainer): boolean =>
  pid !== undefined && record.networkMode !== 'host' && !record.networkMode.startsWith('container:');
