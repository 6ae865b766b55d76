import { ok } from '@parapet/core';
import { asleepNs, openTracepoints, type TracedStart } from '@parapet/kernel';
import type { StartTeller, ToldStart } from './start-teller.ts';

/** Starts that nobody asked for yet: those of some 20 ms on a busy host. Of each some 500 bytes; the oldest are forgotten first. */
const maxWaiting = 4096;
/** Between what two clocks of the kernel say of one moment. */
const slackNs = 20_000n;

/** Starts by our programs at tracepoints, which need no types of the kernel: for Linux 4.14 to 5.7, and later ones built without. */
export const createTracepointTeller = (deps: {
  readonly rootPath: string;
  readonly open?: typeof openTracepoints;
}): StartTeller => ({
  name: 'tracepoints',
  words: 'programs of our own at tracepoints (eBPF without types of the kernel)',
  open: () => {
    const waiting = createWaitingStarts(maxWaiting);
    const opened = (deps.open ?? openTracepoints)({ rootPath: deps.rootPath, onStart: waiting.add });
    if (!opened.ok) return opened;
    const { drain, close } = opened.value;
    return ok({
      take: (pid, atNs) => {
        const untilNs = atNs - asleepNs() + slackNs;
        const found = waiting.take(pid, untilNs);
        if (found !== undefined) return toldStart(found);
        // The kernel told it before it told the connector.
        drain();
        const late = waiting.take(pid, untilNs);
        return late === undefined ? undefined : toldStart(late);
      },
      close,
    });
  },
});

/** Keeps starts until they are asked for. */
export const createWaitingStarts = (limit: number) => {
  const byPid = new Map<number, readonly TracedStart[]>();
  let size = 0;
  const forget = (pid: number): void => {
    size -= byPid.get(pid)?.length ?? 0;
    byPid.delete(pid);
  };
  return {
    add: (start: TracedStart): void => {
      const before = byPid.get(start.pid) ?? [];
      // To the end, so that the first of all is the one that waits longest.
      byPid.delete(start.pid);
      byPid.set(start.pid, [...before.slice(-maxOfOneProcess), start]);
      size += before.length > maxOfOneProcess ? 0 : 1;
      const oldest = size > limit ? byPid.keys().next() : undefined;
      if (oldest?.done === false) forget(oldest.value);
    },
    /** The last of this process until then; those before it are forgotten, those after it wait. */
    take: (pid: number, untilNs: bigint): TracedStart | undefined => {
      const starts = byPid.get(pid) ?? [];
      const found = starts.findLast(({ monotonicNs }) => monotonicNs <= untilNs);
      if (found === undefined) return undefined;
      forget(pid);
      const later = starts.slice(starts.indexOf(found) + 1);
      if (later.length > 0) byPid.set(pid, later);
      size += later.length;
      return found;
    },
    size: (): number => size,
  };
};

/** A process may become other programs for ever. */
const maxOfOneProcess = 16;

const toldStart = ({ comm, uid, gid, filename, ...start }: TracedStart): ToldStart => ({
  process: { comm, uid, gid },
  // A relative one is relative to a folder that nobody told.
  executable: filename.startsWith('/') ? filename : '',
  arguments:
    start.arguments === undefined
      ? undefined
      : { argv: start.arguments, cut: start.argumentsTotalBytes > start.argumentsBytes },
});
