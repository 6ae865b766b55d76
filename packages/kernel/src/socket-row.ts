/** One end of a connection. */
export type Endpoint = { readonly address: string; readonly port: number };

export type TransportProtocol = 'tcp' | 'udp';

/**
 * `connected`: can carry data or still has some to deliver; for UDP a socket with a peer. `listening`: for UDP a bound socket
 * without a peer. `gone`: destroyed. `other`: half open, or only waiting for its port to become free.
 */
export type SocketState = 'connected' | 'listening' | 'gone' | 'other';

/** A socket of one network namespace at one moment, from whichever source. */
export type SocketRow = {
  readonly protocol: TransportProtocol;
  readonly state: SocketState;
  readonly local: Endpoint;
  readonly peer: Endpoint;
  readonly uid: number;
  /** The inode behind `/proc/<pid>/fd/*`; 0 when no process holds it (any more) or the source does not tell. */
  readonly inode: number;
  /** Stays the same from one look to the next: the kernel's socket cookie, or the inode where that is all there is. */
  readonly identity: number;
  /** Payload bytes since the start, as acknowledged by the peer and as received. TCP only, from Linux 4.1. */
  readonly bytes?: { readonly sent: number; readonly received: number };
};

/** TCP states of `net/tcp_states.h`; UDP uses ESTABLISHED and CLOSE. */
export const tcpStates = {
  ESTABLISHED: 1,
  SYN_SENT: 2,
  SYN_RECV: 3,
  FIN_WAIT1: 4,
  FIN_WAIT2: 5,
  TIME_WAIT: 6,
  CLOSE: 7,
  CLOSE_WAIT: 8,
  LAST_ACK: 9,
  LISTEN: 10,
  CLOSING: 11,
} as const;

export const socketStateOf = (protocol: TransportProtocol, state: number): SocketState => {
  if (protocol === 'udp') return state === tcpStates.ESTABLISHED ? 'connected' : 'listening';
  if (state === tcpStates.LISTEN) return 'listening';
  return connectedStates.has(state) ? 'connected' : 'other';
};

const connectedStates: ReadonlySet<number> = new Set([
  tcpStates.ESTABLISHED,
  tcpStates.FIN_WAIT1,
  tcpStates.FIN_WAIT2,
  tcpStates.CLOSE_WAIT,
  tcpStates.LAST_ACK,
  tcpStates.CLOSING,
]);
