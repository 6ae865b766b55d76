import { fail, ok, type Problem, type Result } from '@parapet/core';
import { attempt } from './kernel-error.ts';
import {
  decodeInterfaceAddress,
  encodeAddressRequest,
  type InterfaceAddress,
  interfaceAddresses,
} from './netlink/interface-addresses.ts';
import { decodeMessages } from './netlink/message.ts';
import { type NetlinkSocket, openNetlinkSocket } from './netlink/socket.ts';
import {
  decodeDestroyedSocket,
  decodeSocketRow,
  encodeSocketRequest,
  socketDiagnostics,
} from './netlink/socket-diagnostics.ts';
import type { SocketRow, TransportProtocol } from './socket-row.ts';

/** The sockets of the network namespace it was opened in, wherever the thread is later. */
export type SocketTable = {
  /**
   * Shows every TCP and UDP socket, IPv4 and IPv6, that listens or is connected. `complete` is false when the table changed
   * while it was read or held more than `maxSockets`.
   */
  readonly list: (
    onSocket: (row: SocketRow) => void,
    maxSockets: number,
  ) => Result<{ readonly complete: boolean }, Problem>;
  readonly close: () => void;
};

/** Opens socket diagnostics (sock_diag(7)); allowed to every user, unless a sandbox forbids it. */
export const openSocketTable = (): Result<SocketTable, Problem> =>
  attempt(() => {
    const socket = openNetlinkSocket({ protocol: socketDiagnostics.protocol, receiveBufferBytes: 1024 * 1024 });
    return { list: (onSocket, maxSockets) => listAll(socket, onSocket, maxSockets), close: socket.close };
  });

/** Tells of each socket when it is destroyed, with its final byte counts: connections that no look at the table ever met. */
export type SocketEnds = {
  /** Hands over what waits, at most `maxEvents`. `overruns` counts kernel buffer overflows, each a loss without a number. */
  readonly drain: (
    onEnd: (row: SocketRow) => void,
    maxEvents: number,
  ) => { readonly overruns: number; readonly more: boolean };
  readonly close: () => void;
};

/** Needs Linux 4.5. */
export const openSocketEnds = (receiveBufferBytes: number): Result<SocketEnds, Problem> =>
  attempt(() => {
    const { protocol, destroyGroups } = socketDiagnostics;
    const socket = openNetlinkSocket({ protocol, groups: destroyGroups, receiveBufferBytes });
    return { drain: (onEnd, maxEvents) => drainEnds(socket, onEnd, maxEvents), close: socket.close };
  });

/** The addresses of all devices in the present network namespace (rtnetlink(7)). */
export const listInterfaceAddresses = (maxAddresses: number): Result<readonly InterfaceAddress[], Problem> => {
  const addresses: InterfaceAddress[] = [];
  const asked = attempt(() => {
    using socket = openNetlinkSocket({ protocol: interfaceAddresses.protocol });
    const request = {
      type: interfaceAddresses.requestType,
      payload: encodeAddressRequest(),
      dump: true,
      maxAnswers: maxAddresses,
    };
    socket.request(request, (payload, type) => {
      const address = type === interfaceAddresses.answerType ? decodeInterfaceAddress(payload) : undefined;
      if (address !== undefined) addresses.push(address);
    });
  });
  return asked.ok ? ok(addresses) : fail(asked.error);
};

const kinds = [
  { family: 'ipv4', protocol: 'tcp', withBytes: true },
  { family: 'ipv6', protocol: 'tcp', withBytes: true },
  { family: 'ipv4', protocol: 'udp', withBytes: false },
  { family: 'ipv6', protocol: 'udp', withBytes: false },
] as const satisfies readonly { family: 'ipv4' | 'ipv6'; protocol: TransportProtocol; withBytes: boolean }[];

const listAll = (
  socket: NetlinkSocket,
  onSocket: (row: SocketRow) => void,
  maxSockets: number,
): Result<{ readonly complete: boolean }, Problem> =>
  attempt(() => {
    let left = maxSockets;
    let complete = true;
    for (const kind of kinds) {
      const request = {
        type: socketDiagnostics.requestType,
        payload: encodeSocketRequest(kind),
        dump: true,
        maxAnswers: left,
      };
      const outcome = socket.request(request, (payload) => {
        const row = decodeSocketRow(payload, kind.protocol);
        if (row !== undefined) onSocket(row);
      });
      left -= outcome.answers;
      complete &&= outcome.complete;
    }
    return { complete };
  });

const drainEnds = (
  socket: NetlinkSocket,
  onEnd: (row: SocketRow) => void,
  maxEvents: number,
): { readonly overruns: number; readonly more: boolean } =>
  socket.drain((datagram) => {
    for (const message of decodeMessages(datagram)) {
      const row = message.type === socketDiagnostics.requestType ? decodeDestroyedSocket(message.payload) : undefined;
      if (row !== undefined) onEnd(row);
    }
  }, maxEvents);
