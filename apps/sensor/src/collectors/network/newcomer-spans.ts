import type { ContainerRecord } from '@parapet/contract/wire';
import type { Clock } from '@parapet/core';
import type { BlindSpan } from '../collector.ts';
import type { KnownContainer, WorkloadDirectory } from '../workload-directory.ts';

/**
 * Without programs in the kernel a container is watched only once its runtime told of it: what it did before is a blind span,
 * from its start until its network was entered, or until its end if it never was. Lives that were over before the runtime could
 * be asked are told here by their end alone. Of a container that no runtime told of nobody says whether it has a network of its own:
 * one that was there for so long that its network must have been found has none.
 */
export type NewcomerSpans = {
  /** `openedAt`: since when a container's network is watched, `undefined` while it is not. */
  readonly note: (
    containers: readonly KnownContainer[],
    openedAt: (containerKey: string) => number | undefined,
    now: number,
  ) => void;
  /** Called once with each life that is over, before its container leaves those that `note` is given. */
  readonly ended: (life: ContainerRecord) => void;
};

export const createNewcomerSpans = (open: (since: number) => BlindSpan, startedAt: number): NewcomerSpans => {
  /** `isWatched`: also once its span was told. */
  let known = new Map<string, Newcomer>();
  /** What is told while it lasts ends now, anything else is told whole. */
  const tell = (newcomer: Newcomer, endedAt: number): void => {
    (newcomer.span ?? open(newcomer.since)).end(endedAt);
    newcomer.span = undefined;
  };
  return {
    note: (containers, openedAt, now) => {
      const present: typeof known = new Map();
      for (const container of containers) {
        const isTold = container.record.startInferred !== true;
        // Without a pid nothing can be entered.
        if ((isTold && container.pid === undefined) || !hasOwnNetwork(container.record)) continue;
        // One inside another is on that one's network, as a rule.
        if (!isTold && container.record.parentKey !== undefined) continue;
        const life = lifeOf(container.record);
        const since = Math.max(container.record.startedAt, startedAt);
        const newcomer = known.get(life) ?? { since, isWatched: false, isTold, span: undefined };
        present.set(life, newcomer);
        if (newcomer.isWatched) continue;
        const watchedSince = openedAt(container.key);
        if (watchedSince === undefined) {
          // It may run for months: that it is not watched is told while it is so.
          if (isTold && now - newcomer.since >= foundWithinMs) newcomer.span ??= open(newcomer.since);
          continue;
        }
        newcomer.isWatched = true;
        if (watchedSince > newcomer.since) tell(newcomer, watchedSince);
      }
      for (const [life, newcomer] of known) {
        const { since, isWatched, isTold, span } = newcomer;
        const isOver = !present.has(life) && !isWatched;
        if (isOver && (span !== undefined || (now > since && (isTold || now - since < foundWithinMs))))
          tell(newcomer, now);
      }
      known = present;
    },
    ended: (life) => {
      const newcomer = known.get(lifeOf(life));
      if (newcomer?.isWatched === true || !hasOwnNetwork(life)) return;
      if (newcomer !== undefined) newcomer.isWatched = true;
      const since = Math.max(life.startedAt, startedAt);
      if (life.endedAt !== undefined && (life.endedAt > since || newcomer?.span !== undefined))
        tell(newcomer ?? { since, isWatched: true, isTold: true, span: undefined }, life.endedAt);
    },
  };
};

type Newcomer = {
  readonly since: number;
  readonly isTold: boolean;
  isWatched: boolean;
  /** Told and not over. */
  span: BlindSpan | undefined;
};

/** Twice the time between two looks at the networks of all processes. */
const foundWithinMs = 20_000;

/** Keeps newcomers in step with the containers there are, where that is needed. `note` looks whether their networks are watched now. */
export const followNewcomers = (deps: {
  readonly workloads: Pick<WorkloadDirectory, 'containers' | 'onContainersChanged' | 'onLifeEnded'>;
  readonly clock: Clock;
  readonly spans: NewcomerSpans;
  readonly openedAt: (containerKey: string) => number | undefined;
  readonly isNeeded: boolean;
}): { readonly note: (now: number) => void; readonly stop: () => void } => {
  const { workloads, clock, spans } = deps;
  if (!deps.isNeeded) return { note: () => {}, stop: () => {} };
  const note = (now: number): void => spans.note(workloads.containers(), deps.openedAt, now);
  const stops = [workloads.onContainersChanged(() => note(clock.now())), workloads.onLifeEnded(spans.ended)];
  return {
    note,
    stop: () => {
      for (const stop of stops) stop();
    },
  };
};

const lifeOf = ({ key, startedAt }: ContainerRecord): string => `${key} ${startedAt}`;

/** One without is seen with the host, or with the container whose network it shares. */
const hasOwnNetwork = ({ networkMode }: ContainerRecord): boolean =>
  networkMode !== 'host' && !networkMode.startsWith('container:');
