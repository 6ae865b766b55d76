import { errno, socketNumbers } from '../constants.ts';
import { callFailed, checked, KernelError } from '../kernel-error.ts';
import { addressOf, lastErrno, libc } from '../libc.ts';
import type { FilterProgram } from './filter.ts';
import { decodeErrorNumber, decodeMessages, encodeMessage, messageFlags, messageTypes } from './message.ts';

/** A netlink socket (netlink(7)). Reads never block; nothing but the kernel is listened to. */
export type NetlinkSocket = {
  /** Hands over the datagrams that wait, at most `maxDatagrams`. The bytes are only valid inside the callback. */
  readonly drain: (onDatagram: (bytes: Uint8Array) => void, maxDatagrams: number) => DrainOutcome;
  /** Asks and hands over each answer up to its end. Throws `KernelError` when the kernel refuses. */
  readonly request: (request: NetlinkRequest, onAnswer: (payload: Uint8Array, type: number) => void) => RequestOutcome;
  /** Sends bytes as they are; throws `KernelError`. */
  readonly send: (message: Uint8Array) => void;
  readonly close: () => void;
  readonly [Symbol.dispose]: () => void;
};

export type NetlinkOptions = {
  /** `NETLINK_…` number of `linux/netlink.h`. */
  readonly protocol: number;
  /** Multicast groups to join, by number (1 to 31). */
  readonly groups?: readonly number[];
  /** What the kernel may keep for us between two reads. */
  readonly receiveBufferBytes?: number;
  readonly filter?: FilterProgram;
};

export type NetlinkRequest = {
  readonly type: number;
  readonly payload: Uint8Array;
  /** True for a table, false for one object. */
  readonly dump: boolean;
  /** Answers after which the rest is left out, and said. */
  readonly maxAnswers: number;
};

export type DrainOutcome = {
  readonly datagrams: number;
  /** How often the kernel said that it dropped messages because the buffer was full (ENOBUFS): a loss without a number. */
  readonly overruns: number;
  /** True when `maxDatagrams` ended the reading. */
  readonly more: boolean;
};

export type RequestOutcome = {
  readonly answers: number;
  /** The table changed while it was read, or answers were left out: entries may be missing. */
  readonly complete: boolean;
};

/** Opens and binds a socket; throws `KernelError`. */
export const openNetlinkSocket = (options: NetlinkOptions): NetlinkSocket => {
  const { AF_NETLINK, SOCK_RAW, SOCK_CLOEXEC, SOCK_NONBLOCK } = socketNumbers;
  const fd = checked('socket', libc().socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, options.protocol));
  try {
    if (options.receiveBufferBytes !== undefined) growReceiveBuffer(fd, options.receiveBufferBytes);
    if (options.filter !== undefined) attachFilter(fd, options.filter);
    checked('bind', libc().bind(fd, encodeAddress(options.groups ?? []), addressBytes));
  } catch (error) {
    libc().close(fd);
    throw error;
  }
  return createSocket(fd);
};

const addressBytes = 12;

/** One buffer for all sockets: every read is over before the next begins. The kernel makes datagrams of at most 32 KiB. */
const shared = {
  datagram: new Uint8Array(64 * 1024),
  sender: new Uint8Array(addressBytes),
  length: new Uint32Array(1),
};

const createSocket = (fd: number): NetlinkSocket => {
  const open = { is: true };
  let sequence = 0;
  const close = (): void => {
    if (open.is) libc().close(fd);
    open.is = false;
  };
  const send = (message: Uint8Array): void => {
    checked('sendto', libc().sendto(fd, message, message.length, 0, encodeAddress([]), addressBytes));
  };
  return {
    send,
    close,
    [Symbol.dispose]: close,
    drain: (onDatagram, maxDatagrams) => drain(fd, open, onDatagram, maxDatagrams),
    request: (request, onAnswer) => {
      sequence = (sequence % 0xffff_fffe) + 1;
      const flags = messageFlags.REQUEST | (request.dump ? messageFlags.DUMP : messageFlags.ACK);
      send(encodeMessage({ type: request.type, flags, sequence }, request.payload));
      return readAnswers(fd, sequence, request, onAnswer);
    },
  };
};

const drain = (
  fd: number,
  open: { readonly is: boolean },
  onDatagram: (bytes: Uint8Array) => void,
  maxDatagrams: number,
): DrainOutcome => {
  let datagrams = 0;
  let overruns = 0;
  // The callback may close the socket, after which its number can belong to someone else.
  while (datagrams < maxDatagrams && open.is) {
    const received = receive(fd);
    if (received === 'empty') return { datagrams, overruns, more: false };
    if (received === 'overrun') overruns += 1;
    else if (received !== 'foreign') {
      datagrams += 1;
      onDatagram(received);
    }
  }
  return { datagrams, overruns, more: open.is };
};

type Received = Uint8Array | 'empty' | 'overrun' | 'foreign';

const receive = (fd: number): Received => {
  const { datagram, sender, length } = shared;
  length[0] = addressBytes;
  const { MSG_DONTWAIT, MSG_TRUNC } = socketNumbers;
  const size = libc().recvfrom(fd, datagram, datagram.length, MSG_DONTWAIT | MSG_TRUNC, sender, length);
  if (size < 0) {
    const number = lastErrno();
    if (number === errno.EAGAIN) return 'empty';
    if (number === errno.ENOBUFS) return 'overrun';
    if (number === errno.EINTR) return 'foreign';
    throw new KernelError('recvfrom', number);
  }
  // A container with CAP_NET_ADMIN may send to our port in its namespace; only the kernel has port 0.
  if (senderPort(sender) !== 0) return 'foreign';
  return size > datagram.length ? 'overrun' : datagram.subarray(0, size);
};

const readAnswers = (
  fd: number,
  sequence: number,
  request: NetlinkRequest,
  onAnswer: (payload: Uint8Array, type: number) => void,
): RequestOutcome => {
  let answers = 0;
  let complete = true;
  for (;;) {
    const received = receive(fd);
    // The kernel answers within send and recv, so an empty queue before the end means that the end was lost.
    if (received === 'empty') return { answers, complete: false };
    if (received === 'foreign') continue;
    if (received === 'overrun') {
      complete = false;
      continue;
    }
    for (const message of decodeMessages(received)) {
      if (message.sequence !== sequence) continue;
      if ((message.flags & messageFlags.DUMP_INTERRUPTED) !== 0) complete = false;
      if (message.type === messageTypes.DONE || message.type === messageTypes.ERROR) {
        const failure = decodeErrorNumber(message.payload);
        if (failure !== 0) throw new KernelError('netlink request', failure);
        return { answers, complete };
      }
      if (answers < request.maxAnswers) {
        answers += 1;
        onAnswer(message.payload, message.type);
      } else complete = false;
    }
  }
};

const senderPort = (address: Uint8Array): number =>
  ((address[4] ?? 0) | ((address[5] ?? 0) << 8) | ((address[6] ?? 0) << 16) | ((address[7] ?? 0) << 24)) >>> 0;

/** `struct sockaddr_nl`: family, padding, port (0: the kernel chooses, or the kernel itself), group mask. */
const encodeAddress = (groups: readonly number[]): Uint8Array => {
  const bytes = new Uint8Array(addressBytes);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, socketNumbers.AF_NETLINK, true);
  view.setUint32(8, groups.reduce((mask, group) => mask | (1 << (group - 1)), 0) >>> 0, true);
  return bytes;
};

/** Root may go over the limit of `net.core.rmem_max`; others get what they may. */
const growReceiveBuffer = (fd: number, bytes: number): void => {
  const value = new Uint8Array(new Uint32Array([bytes]).buffer);
  const { SOL_SOCKET, SO_RCVBUFFORCE, SO_RCVBUF } = socketNumbers;
  if (libc().setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, value, 4) === 0) return;
  checked('setsockopt', libc().setsockopt(fd, SOL_SOCKET, SO_RCVBUF, value, 4));
};

/** `struct sock_fprog` holds the address of the program, which therefore must stay reachable during the call. */
const attachFilter = (fd: number, program: FilterProgram): void => {
  const header = new Uint8Array(16);
  const view = new DataView(header.buffer);
  view.setUint16(0, program.length / 8, true);
  view.setBigUint64(8, addressOf(program), true);
  const { SOL_SOCKET, SO_ATTACH_FILTER } = socketNumbers;
  const result = libc().setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, header, header.length);
  if (result < 0) throw callFailed('setsockopt(SO_ATTACH_FILTER)');
};
