import type { ProbedCommon } from './probed-process.ts';
import { datagramDirections, datagramPart, dnsPart, dnsStreamPart, socketPart } from './record.ts';

export type ProbedSocket = ProbedCommon & {
  readonly kind: 'socket';
  /** Tells one connection from another while it lives. */
  readonly socket: bigint;
  /** Of the socket, which may be another one than the process is in now. */
  readonly socketNetNamespace: number;
  /** As `tcpStates`. */
  readonly oldState: number;
  readonly newState: number;
  readonly family: 'ipv4' | 'ipv6';
  /** 0 once the socket gave it back, which it may have when it is told as closed. */
  readonly localPort: number;
  readonly remotePort: number;
  /** 4 or 16 bytes. */
  readonly localAddress: Uint8Array;
  readonly remoteAddress: Uint8Array;
  /** Sequence numbers, not payload alone: the beginning and the end of each direction count one (RFC 9293). */
  readonly bytesReceived: bigint;
  readonly bytesAcked: bigint;
};
/** A DNS message over UDP: sent by `process`, or come in at a device, where `process` is whoever ran. */
export type ProbedDns = ProbedCommon & {
  readonly kind: 'dns';
  readonly direction: 'sent' | 'received';
  /** Inode of the network namespace that sent it, or of that whose device it came in at. */
  readonly packetNetNamespace: number;
  readonly from: { readonly address: Uint8Array; readonly port: number };
  readonly to: { readonly address: Uint8Array; readonly port: number };
  /** At most 1,023 bytes, and less where a driver did not put the packet in one piece. */
  readonly payload: Uint8Array;
  readonly isWhole: boolean;
};
/** The first datagram of UDP in a while between a process and an address, at the port that was sent to. */
export type ProbedDatagram = ProbedCommon & {
  readonly kind: 'datagram';
  readonly direction: 'sent' | 'received';
  /** Of the socket, which may be another one than the process is in now. */
  readonly socketNetNamespace: number;
  /** 16 bytes, IPv4 mapped into IPv6; all zero where the socket takes any. 0 as a port where none is chosen yet. */
  readonly local: { readonly address: Uint8Array; readonly port: number };
  readonly remote: { readonly address: Uint8Array; readonly port: number };
};
/** A piece of what TCP carries to port 53 or from it; `process` is whoever ran. */
export type ProbedDnsStream = ProbedCommon & {
  readonly kind: 'dns-stream';
  readonly direction: 'sent' | 'received';
  /** As `ProbedSocket` has it. */
  readonly socket: bigint;
  readonly packetNetNamespace: number;
  readonly from: { readonly address: Uint8Array; readonly port: number };
  readonly to: { readonly address: Uint8Array; readonly port: number };
  /** Number of its first byte in its direction (RFC 9293). */
  readonly sequence: number;
  /** Bytes of it, of which `payload` are the first 1,023 at most. */
  readonly length: number;
  readonly payload: Uint8Array;
};

/** `kept` is what was read of the payload. */
export const decodeDns = (bytes: Buffer, kept: Buffer): Omit<ProbedDns, keyof ProbedCommon | 'kind'> => {
  const addressBytes = bytes.readUInt16BE(dnsPart.etherType) === etherTypeV6 ? 16 : 4;
  const end = (address: number, port: number) => ({
    // Copied: the record is the ring's own memory.
    address: Uint8Array.from(bytes.subarray(address, address + addressBytes)),
    port: bytes.readUInt16BE(port),
  });
  const length = Math.max(0, bytes.readUInt16BE(dnsPart.udpLength) - udpHeaderBytes);
  const payload = Uint8Array.from(kept.subarray(0, length));
  const from = end(dnsPart.fromAddress, dnsPart.fromPort);
  return {
    direction: from.port === dnsPort ? 'received' : 'sent',
    packetNetNamespace: bytes.readUInt32LE(dnsPart.netNamespace),
    from,
    to: end(dnsPart.toAddress, dnsPart.toPort),
    payload,
    isWhole: payload.length === length,
  };
};

/** `kept` is what was read of the payload. */
export const decodeDnsStream = (bytes: Buffer, kept: Buffer): Omit<ProbedDnsStream, keyof ProbedCommon | 'kind'> => {
  const addressBytes = bytes.readUInt16BE(dnsStreamPart.etherType) === etherTypeV6 ? 16 : 4;
  // Copied: the record is the ring's own memory.
  const end = (address: number, port: number) => ({
    address: Uint8Array.from(bytes.subarray(address, address + addressBytes)),
    port: bytes.readUInt16BE(port),
  });
  const to = end(dnsStreamPart.toAddress, dnsStreamPart.toPort);
  return {
    direction: to.port === dnsPort ? 'sent' : 'received',
    socket: bytes.readBigUInt64LE(dnsStreamPart.socket),
    packetNetNamespace: bytes.readUInt32LE(dnsStreamPart.netNamespace),
    from: end(dnsStreamPart.fromAddress, dnsStreamPart.fromPort),
    to,
    sequence: bytes.readUInt32BE(dnsStreamPart.sequence),
    length: bytes.readUInt32LE(dnsStreamPart.length),
    payload: Uint8Array.from(kept),
  };
};

export const decodeDatagram = (bytes: Buffer): Omit<ProbedDatagram, keyof ProbedCommon | 'kind'> => {
  // Copied: the record is the ring's own memory.
  const address = (at: number): Uint8Array => Uint8Array.from(bytes.subarray(at, at + 16));
  return {
    direction: bytes.readUInt8(datagramPart.direction) === datagramDirections.sent ? 'sent' : 'received',
    socketNetNamespace: bytes.readUInt32LE(datagramPart.netNamespace),
    local: { address: address(datagramPart.localAddress), port: bytes.readUInt16LE(datagramPart.localPort) },
    remote: { address: address(datagramPart.remoteAddress), port: bytes.readUInt16BE(datagramPart.remotePort) },
  };
};

export const decodeSocket = (bytes: Buffer): Omit<ProbedSocket, keyof ProbedCommon | 'kind'> => {
  const isV6 = bytes.readUInt16LE(socketPart.family) === familyV6;
  // Copied: the record is the ring's own memory.
  const address = (at: number): Uint8Array => Uint8Array.from(bytes.subarray(at, at + (isV6 ? 16 : 4)));
  return {
    socket: bytes.readBigUInt64LE(socketPart.socket),
    socketNetNamespace: bytes.readUInt32LE(socketPart.netNamespace),
    oldState: bytes.readUInt8(socketPart.oldState),
    newState: bytes.readUInt8(socketPart.newState),
    family: isV6 ? 'ipv6' : 'ipv4',
    localPort: bytes.readUInt16LE(socketPart.localPort),
    remotePort: bytes.readUInt16BE(socketPart.remotePort),
    localAddress: address(socketPart.localAddress),
    remoteAddress: address(socketPart.remoteAddress),
    bytesReceived: bytes.readBigUInt64LE(socketPart.bytesReceived),
    bytesAcked: bytes.readBigUInt64LE(socketPart.bytesAcked),
  };
};

const udpHeaderBytes = 8;
const etherTypeV6 = 0x86dd;
const dnsPort = 53;
const familyV6 = 10;
