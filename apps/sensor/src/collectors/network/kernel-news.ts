import type { Clock } from '@parapet/core';
import type { KernelWatch } from '../../kernel-watch/kernel-watch.ts';
import type { TcpChange } from '../../kernel-watch/tcp-connections.ts';

/** The network collector's part in the programs in the kernel, with what it lost there. */
export type KernelNews = {
  /** Why there is none. */
  readonly refusal: string | undefined;
  /** Whether all TCP connections that began from then on were told. */
  readonly covers: (since: number) => boolean;
  /** Takes note of what was lost since the last call. */
  readonly account: () => void;
  /** Reads what the kernel has told until now; once in a while is enough, since sockets are met many at once. */
  readonly catchUp: () => void;
  readonly leave: () => void;
};

export type KernelNewsDeps = {
  readonly mayJoin: boolean;
  readonly clock: Clock;
  readonly onChange: (change: TcpChange) => void;
  /** Of connections, since then. */
  readonly onLost: (count: number, since: number) => void;
};

export const joinKernel = (kernel: KernelWatch, deps: KernelNewsDeps): KernelNews => {
  const { clock } = deps;
  const joined = deps.mayJoin
    ? kernel.join({ onEvent: (_event, change) => change !== undefined && deps.onChange(change) })
    : undefined;
  if (joined?.ok !== true)
    return {
      refusal: joined?.error.message ?? 'It asks for root: sudo ./parapet up',
      covers: () => false,
      account: () => {},
      catchUp: () => {},
      leave: () => {},
    };
  const member = joined.value;
  let lost = 0;
  let caughtUpAt = Number.NEGATIVE_INFINITY;
  let accountedAt = clock.now();
  /** A flow that connection tracking tells of began a moment before. */
  let coveredSince = clock.now() + settlingMs;
  return {
    refusal: undefined,
    covers: (since) => since >= coveredSince,
    account: () => {
      const { lostConnections } = member.account();
      const since = accountedAt;
      accountedAt = clock.now();
      if (lostConnections <= lost) return;
      deps.onLost(lostConnections - lost, since);
      lost = lostConnections;
      coveredSince = accountedAt + settlingMs;
    },
    catchUp: () => {
      // One look at a busy host meets thousands of sockets that nobody told of: what was read just before holds for all.
      const now = clock.now();
      if (now >= caughtUpAt && now - caughtUpAt < catchUpEveryMs) return;
      caughtUpAt = now;
      member.drain();
    },
    leave: member.leave,
  };
};

const settlingMs = 2000;
const catchUpEveryMs = 10;
