import { concatBytes, decodeMessages, encodeMessage, messageTypes, viewOf } from './message.ts';

/**
 * The process events connector as bytes (`linux/connector.h`, `linux/cn_proc.h`): `struct cn_msg` followed by
 * `struct proc_event`.
 */
export type ProcessMessage =
  | (Common & { readonly kind: 'fork'; readonly parentPid: number; readonly pid: number; readonly isThread: boolean })
  | (Common & { readonly kind: 'exec'; readonly pid: number })
  | (Common & {
      readonly kind: 'exit';
      readonly pid: number;
      readonly isThread: boolean;
      readonly exitCode: number;
      readonly signal: number;
    })
  | (Common & {
      /** Whose rights a thread has now: `real` and `effective` are numbers of users, or of groups. */
      readonly kind: 'user' | 'group';
      readonly pid: number;
      readonly real: number;
      readonly effective: number;
    })
  | (Common & { readonly kind: 'acknowledged'; readonly errno: number })
  | (Common & { readonly kind: 'other' });

type Common = {
  readonly cpu: number;
  /** Counts every event made on this CPU, whatever its kind. */
  readonly sequence: number;
  /** CLOCK_MONOTONIC, the clock of `process.hrtime`. */
  readonly monotonicMs: number;
};

export const processConnector = {
  /** NETLINK_CONNECTOR and its group of process events (CN_IDX_PROC). */
  protocol: 11,
  group: 1,
  /** Where `proc_event.what` lies in a datagram, for filters. */
  kindOffset: 36,
} as const;

export const processEventKinds = { none: 0, fork: 1, exec: 2, user: 4, group: 0x40, exit: 0x8000_0000 } as const;

/** The message that turns the events on (PROC_CN_MCAST_LISTEN) or off (…_IGNORE) for everyone who listens through us. */
export const encodeListen = (listen: boolean): Uint8Array => {
  const header = new Uint8Array(connectorHeaderBytes);
  const view = new DataView(header.buffer);
  view.setUint32(0, 1, true);
  view.setUint32(4, 1, true);
  view.setUint16(16, 4, true);
  const operation = new Uint8Array([listen ? 1 : 2, 0, 0, 0]);
  return encodeMessage({ type: messageTypes.DONE, flags: 0, sequence: 0 }, concatBytes(header, operation));
};

/** The process events of a datagram; anything that is none is left out. */
export const decodeProcessMessages = (datagram: Uint8Array): readonly ProcessMessage[] => {
  const events: ProcessMessage[] = [];
  for (const message of decodeMessages(datagram)) {
    const event = decodeEvent(message.payload);
    if (event !== undefined) events.push(event);
  }
  return events;
};

const connectorHeaderBytes = 20;
const eventHeaderBytes = connectorHeaderBytes + 16;

const decodeEvent = (payload: Uint8Array): ProcessMessage | undefined => {
  if (payload.length < eventHeaderBytes + 8) return undefined;
  const view = viewOf(payload);
  if (view.getUint32(0, true) !== 1 || view.getUint32(4, true) !== 1) return undefined;
  const common: Common = {
    sequence: view.getUint32(8, true),
    cpu: view.getUint32(connectorHeaderBytes + 4, true),
    monotonicMs:
      view.getUint32(connectorHeaderBytes + 8, true) / 1e6 +
      view.getUint32(connectorHeaderBytes + 12, true) * (2 ** 32 / 1e6),
  };
  const word = (index: number): number =>
    eventHeaderBytes + index * 4 + 4 <= payload.length ? view.getUint32(eventHeaderBytes + index * 4, true) : 0;
  switch (view.getUint32(connectorHeaderBytes, true)) {
    case processEventKinds.none:
      return { ...common, kind: 'acknowledged', errno: word(0) };
    case processEventKinds.fork:
      return { ...common, kind: 'fork', parentPid: word(1), pid: word(3), isThread: word(2) !== word(3) };
    case processEventKinds.exec:
      return { ...common, kind: 'exec', pid: word(1) };
    case processEventKinds.user:
      return { ...common, kind: 'user', pid: word(1), real: word(2), effective: word(3) };
    case processEventKinds.group:
      return { ...common, kind: 'group', pid: word(1), real: word(2), effective: word(3) };
    case processEventKinds.exit: {
      // `exit_code` is a wait status: the code in the second byte, a signal in the lower seven bits.
      const status = word(2);
      const isThread = word(0) !== word(1);
      return { ...common, kind: 'exit', pid: word(1), isThread, exitCode: (status >> 8) & 0xff, signal: status & 0x7f };
    }
    default:
      return { ...common, kind: 'other' };
  }
};
