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
  /** Of connections, since then. The same losses stand in the account of events. */
  readonly onLost: (cause: 'ring' | 'probe busy', count: number, since: number) => void;
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
  const counted = { lost: 0, missed: 0 };
  let caughtUpAt = Number.NEGATIVE_INFINITY;
  let accountedAt = clock.now();
  /** A flow that connection tracking tells of began a moment before. */
  let coveredSince = clock.now() + settlingMs;
  return {
    refusal: undefined,
    covers: (since) => since >= coveredSince,
    account: () => {
      const { lostConnections, missedConnections } = member.account();
      const lost = lostConnections - counted.lost;
      const missed = missedConnections - counted.missed;
      const since = accountedAt;
      accountedAt = clock.now();
      if (lost + missed <= 0) return;
      if (lost > 0) deps.onLost('ring', lost, since);
      if (missed > 0) deps.onLost('probe busy', missed, since);
      counted.lost += lost;
      counted.missed += missed;
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
