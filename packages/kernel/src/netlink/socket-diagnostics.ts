import { socketNumbers } from '../constants.ts';
import { formatIpv4, formatIpv6 } from '../ip-address.ts';
import { type SocketRow, type SocketState, socketStateOf, type TransportProtocol, tcpStates } from '../socket-row.ts';
import { eachAttribute, viewOf } from './message.ts';

/** Socket diagnostics as bytes (`linux/inet_diag.h`, `linux/sock_diag.h`, sock_diag(7)). */
export const socketDiagnostics = {
  /** NETLINK_SOCK_DIAG. */
  protocol: 4,
  /** SOCK_DIAG_BY_FAMILY. */
  requestType: 20,
  /** SKNLGRP_INET_TCP_DESTROY, …_UDP_…, INET6_TCP_…, INET6_UDP_…: sockets as they are destroyed, from Linux 4.5. */
  destroyGroups: [1, 2, 3, 4],
} as const;

export type SocketRequest = {
  readonly family: 'ipv4' | 'ipv6';
  readonly protocol: TransportProtocol;
  /** Ask for `tcp_info`, which holds the byte counts. */
  readonly withBytes: boolean;
};

/** `struct inet_diag_req_v2` for all sockets that listen or are connected. */
export const encodeSocketRequest = (request: SocketRequest): Uint8Array => {
  const bytes = new Uint8Array(56);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, request.family === 'ipv4' ? socketNumbers.AF_INET : socketNumbers.AF_INET6);
  view.setUint8(1, protocolNumbers[request.protocol]);
  view.setUint8(2, request.withBytes ? 1 << (attributes.INFO - 1) : 0);
  view.setUint32(4, wantedStates[request.protocol], true);
  return bytes;
};

/** A socket of a dump (`protocol` as asked for). `undefined` for bytes that are none. */
export const decodeSocketRow = (payload: Uint8Array, protocol: TransportProtocol): SocketRow | undefined =>
  payload.length < rowBytes ? undefined : rowOf(payload, protocol, socketStateOf(protocol, payload[1] ?? 0));

/** A socket at its end, which names its protocol itself. Its owner and inode are no longer known. */
export const decodeDestroyedSocket = (payload: Uint8Array): SocketRow | undefined => {
  if (payload.length < rowBytes) return undefined;
  let protocol: TransportProtocol | undefined;
  eachAttribute(payload, rowBytes, payload.length, (type, start) => {
    if (type === attributes.PROTOCOL) protocol = protocolOf(payload[start] ?? 0);
  });
  return protocol === undefined ? undefined : rowOf(payload, protocol, 'gone');
};

const protocolNumbers = { tcp: 6, udp: 17 } as const;
const protocolOf = (number: number): TransportProtocol | undefined =>
  number === 6 ? 'tcp' : number === 17 ? 'udp' : undefined;

const maskOf = (states: readonly number[]): number => states.reduce((mask, state) => mask | (1 << state), 0);

/** TIME_WAIT and half-open sockets are left out in the kernel: under a flood they are most of the table. */
const wantedStates = {
  tcp: maskOf([
    tcpStates.ESTABLISHED,
    tcpStates.FIN_WAIT1,
    tcpStates.FIN_WAIT2,
    tcpStates.CLOSE_WAIT,
    tcpStates.LAST_ACK,
    tcpStates.LISTEN,
    tcpStates.CLOSING,
  ]),
  udp: maskOf([tcpStates.ESTABLISHED, tcpStates.CLOSE]),
} as const;

/** INET_DIAG_INFO and INET_DIAG_PROTOCOL. */
const attributes = { INFO: 2, PROTOCOL: 10 } as const;

/** `struct inet_diag_msg`: family 0, state 1, ports 4 and 6 (network order), addresses 8 and 24, cookie 44, uid 64, inode 68. */
const rowBytes = 72;

/** Places in `struct tcp_info` (`linux/tcp.h`): tcpi_bytes_acked and tcpi_bytes_received. */
const tcpInfo = { bytesAcked: 120, bytesReceived: 128, end: 136 } as const;

const rowOf = (payload: Uint8Array, protocol: TransportProtocol, state: SocketState): SocketRow => {
  const view = viewOf(payload);
  const format = payload[0] === socketNumbers.AF_INET ? formatIpv4 : formatIpv6;
  const row = {
    protocol,
    state,
    local: { address: format(payload, 8), port: view.getUint16(4) },
    peer: { address: format(payload, 24), port: view.getUint16(6) },
    uid: view.getUint32(64, true),
    inode: view.getUint32(68, true),
    identity: view.getUint32(44, true) + view.getUint32(48, true) * 2 ** 32,
  };
  const bytes = protocol === 'tcp' && state !== 'listening' ? bytesOf(payload, view) : undefined;
  return bytes === undefined ? row : { ...row, bytes };
};

const bytesOf = (payload: Uint8Array, view: DataView): SocketRow['bytes'] => {
  let bytes: SocketRow['bytes'];
  eachAttribute(payload, rowBytes, payload.length, (type, start, end) => {
    if (type !== attributes.INFO || end - start < tcpInfo.end) return;
    bytes = {
      sent: readUint64(view, start + tcpInfo.bytesAcked),
      received: readUint64(view, start + tcpInfo.bytesReceived),
    };
  });
  return bytes;
};

/** Exact up to 2^53, which no byte count reaches. */
const readUint64 = (view: DataView, offset: number): number =>
  view.getUint32(offset, true) + view.getUint32(offset + 4, true) * 2 ** 32;
