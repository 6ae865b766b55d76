import { type AuditedStart, bootClockNs } from '@parapet/kernel';

/**
 * What audit told of starts until the process connector tells of them too, and the other way round. Both name a process by its number and
 * tell its starts in order, but audit a moment later and by a clock of ticks.
 */
export type AuditedQueue = {
  readonly add: (start: AuditedStart) => void;
  /** Of a start at `atNs`, in nanoseconds since boot. `later`: it may still come. */
  readonly take: (pid: number, atNs: bigint) => AuditedStart | 'later' | undefined;
  readonly size: () => number;
};

export type Clocks = { readonly bootNs: () => bigint; readonly wallMs: () => number };

/** Of each some 600 bytes beside its arguments. */
const maxStarts = 8192;
/** A process may become other programs for ever. */
const maxOfOneProcess = 16;
/** For the kernel to write its records and hand them over; it may be slow to do so where it is very busy. */
const patienceNs = 1_000_000_000n;
/** What nobody asks for in this time was told by audit alone. */
const keptNs = 3_000_000_000n;
const maxGivenUp = 1024;

export const createAuditedQueue = (clocks: Clocks = { bootNs: bootClockNs, wallMs: Date.now }): AuditedQueue => {
  const byPid = new Map<number, readonly Waiting[]>();
  /** The last start of a process that was not waited for any longer. */
  const givenUp = new Map<number, bigint>();
  let size = 0;

  const put = (pid: number, starts: readonly Waiting[]): void => {
    size += starts.length - (byPid.get(pid)?.length ?? 0);
    byPid.delete(pid);
    if (starts.length > 0) byPid.set(pid, starts);
  };
  const forgetOld = (nowNs: bigint): void => {
    for (const [pid, starts] of byPid) {
      if (size <= maxStarts && starts.some((start) => isFresh(start, nowNs))) break;
      put(pid, []);
    }
  };
  const giveUp = (pid: number, atNs: bigint): void => {
    put(pid, []);
    givenUp.delete(pid);
    givenUp.set(pid, atNs);
    const oldest = givenUp.size > maxGivenUp ? givenUp.keys().next() : undefined;
    if (oldest?.done === false) givenUp.delete(oldest.value);
  };
  return {
    add: (start) => {
      const cameNs = clocks.bootNs();
      const atNs = cameNs - BigInt(Math.round((clocks.wallMs() - start.atMs) * 1e6));
      put(start.pid, [...(byPid.get(start.pid) ?? []), { start, atNs, cameNs }].slice(-maxOfOneProcess));
      forgetOld(cameNs);
    },
    take: (pid, atNs) => {
      const nowNs = clocks.bootNs();
      const after = givenUp.get(pid);
      // Those of a start that was given up come too late for it, and must not be taken for this one's. Audit's clock shows the last tick,
      // so one of the next few milliseconds may be passed over as well.
      const isOfThis = (one: Waiting): boolean => isFresh(one, nowNs) && (after === undefined || one.atNs > after);
      const [first, ...rest] = byPid.get(pid)?.filter(isOfThis) ?? [];
      if (first !== undefined) {
        put(pid, rest);
        givenUp.delete(pid);
        return first.start;
      }
      if (nowNs - atNs < patienceNs) return 'later';
      giveUp(pid, atNs);
      return undefined;
    },
    size: () => size,
  };
};

type Waiting = { readonly start: AuditedStart; readonly atNs: bigint; readonly cameNs: bigint };
const isFresh = ({ cameNs }: Waiting, nowNs: bigint): boolean => nowNs - cameNs < keptNs;
