import type { Endpoint, TrackedFlow, TransportProtocol } from '@parapet/kernel';
import type { Edge } from './edge-book.ts';

/** A translated or plain flow of the host's connection tracking, while it lives. */
export type Flow = {
  /** As the kernel last told it. */
  tracked: TrackedFlow;
  readonly seenAt: number;
  /** Edges that stand for its two ends, where those are workloads here. */
  clientEdge: Edge | undefined;
  serverEdge: Edge | undefined;
  /** A socket stands behind one of its edges. */
  toldBySockets: boolean;
  /** True once nothing more is to be made of it but its end. */
  settled: boolean;
  ended: boolean;
};

/** Finds flows by what either end sees of them. Holds at most `capacity`; the oldest give way. */
export type FlowTable = {
  readonly add: (tracked: TrackedFlow, now: number) => Flow;
  /** The flow a client takes part in that sends from `local` to `remote`. */
  readonly byClient: (protocol: TransportProtocol, local: Endpoint, remote: Endpoint) => Flow | undefined;
  /** The flow a server takes part in that is reached at `local` by what it takes for `remote`. */
  readonly byServer: (protocol: TransportProtocol, local: Endpoint, remote: Endpoint) => Flow | undefined;
  readonly remove: (flow: Flow) => void;
  readonly flows: () => IterableIterator<Flow>;
  readonly size: () => number;
};

export const createFlowTable = (capacity: number, onEvicted: (flow: Flow) => void): FlowTable => {
  const byOriginal = new Map<string, Flow>();
  const byReply = new Map<string, Flow>();
  const remove = (flow: Flow): void => {
    const keys = keysOf(flow.tracked);
    if (byOriginal.get(keys.original) === flow) byOriginal.delete(keys.original);
    if (byReply.get(keys.reply) === flow) byReply.delete(keys.reply);
  };
  return {
    add: (tracked, now) => {
      const keys = keysOf(tracked);
      const existing = byOriginal.get(keys.original);
      if (existing !== undefined && keysOf(existing.tracked).reply === keys.reply) return existing;
      if (existing !== undefined) remove(existing);
      const [oldest] = byOriginal.values();
      if (byOriginal.size >= capacity && oldest !== undefined) {
        onEvicted(oldest);
        remove(oldest);
      }
      const flow: Flow = {
        tracked,
        seenAt: now,
        clientEdge: undefined,
        serverEdge: undefined,
        toldBySockets: false,
        settled: false,
        ended: false,
      };
      byOriginal.set(keys.original, flow);
      byReply.set(keys.reply, flow);
      return flow;
    },
    byClient: (protocol, local, remote) => byOriginal.get(tupleKey(protocol, local, remote)),
    byServer: (protocol, local, remote) => byReply.get(tupleKey(protocol, local, remote)),
    remove,
    flows: () => byOriginal.values(),
    size: () => byOriginal.size,
  };
};

/** Whether either end is not what the other takes it for. */
export const isTranslated = ({ original, reply }: TrackedFlow): boolean =>
  !(isSameEnd(original.source, reply.destination) && isSameEnd(original.destination, reply.source));

export const isSameEnd = (one: Endpoint, other: Endpoint): boolean =>
  one.port === other.port && one.address === other.address;

/** Means nothing outside its own network namespace. */
export const isLoopback = (address: string): boolean => address === '::1' || address.startsWith('127.');

/** One text for a pair of ends; the order matters. */
export const tupleKey = (protocol: TransportProtocol, from: Endpoint, to: Endpoint): string =>
  `${protocol}|${from.address}|${from.port}|${to.address}|${to.port}`;

const keysOf = (tracked: TrackedFlow): { readonly original: string; readonly reply: string } => ({
  original: tupleKey(tracked.protocol, tracked.original.source, tracked.original.destination),
  // Turned around: the server's own address comes first, as in its socket.
  reply: tupleKey(tracked.protocol, tracked.reply.source, tracked.reply.destination),
});
