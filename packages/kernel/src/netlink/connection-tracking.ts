import { socketNumbers } from '../constants.ts';
import { formatIpv4, formatIpv6, parseIpAddress } from '../ip-address.ts';
import type { Endpoint, TransportProtocol } from '../socket-row.ts';
import { concatBytes, eachAttribute, encodeAttribute, encodeNested, viewOf } from './message.ts';

/** Connection tracking as bytes (`linux/netfilter/nfnetlink.h`, `nfnetlink_conntrack.h`, `nf_conntrack_common.h`). */
export const connectionTracking = {
  /** NETLINK_NETFILTER. */
  protocol: 12,
  /** Subsystem 1 (NFNL_SUBSYS_CTNETLINK) with IPCTNL_MSG_CT_NEW, …_GET, …_DELETE. */
  types: { new: 0x100, get: 0x101, delete: 0x102 },
  /** NFNLGRP_CONNTRACK_NEW and …_DESTROY. Updates are left out: there are six for each connection. */
  groups: { new: 1, destroy: 3 },
} as const;

/** What one side sent to whom, before (`original`) or after (`reply`, seen from the answering end) translation. */
export type FlowTuple = { readonly source: Endpoint; readonly destination: Endpoint };

export type TrackedFlow = {
  readonly protocol: TransportProtocol;
  readonly original: FlowTuple;
  readonly reply: FlowTuple;
  /** An answer was seen. */
  readonly answered: boolean;
  /** Bytes with their IP headers in each direction; only with nf_conntrack_acct. */
  readonly bytes?: { readonly original: number; readonly reply: number };
  /** Zone 0 is the ordinary one; in others the same tuple may appear again. */
  readonly zone: number;
};

/** `struct nfgenmsg`; no family means both. */
export const encodeFlowDump = (): Uint8Array => new Uint8Array(4);

/** Asks for the one flow that has this original tuple. `undefined` when its addresses are no addresses of one family. */
export const encodeFlowQuery = (protocol: TransportProtocol, tuple: FlowTuple): Uint8Array | undefined => {
  const source = parseIpAddress(tuple.source.address);
  const destination = parseIpAddress(tuple.destination.address);
  if (source === undefined || destination === undefined || source.length !== destination.length) return undefined;
  const isIpv4 = source.length === 4;
  const header = new Uint8Array([isIpv4 ? socketNumbers.AF_INET : socketNumbers.AF_INET6, 0, 0, 0]);
  const ip = encodeNested(
    tupleAttributes.IP,
    encodeAttribute(isIpv4 ? ipAttributes.V4_SRC : ipAttributes.V6_SRC, source),
    encodeAttribute(isIpv4 ? ipAttributes.V4_DST : ipAttributes.V6_DST, destination),
  );
  const transport = encodeNested(
    tupleAttributes.PROTO,
    encodeAttribute(protoAttributes.NUM, new Uint8Array([protocol === 'tcp' ? 6 : 17])),
    encodeAttribute(protoAttributes.SRC_PORT, encodePort(tuple.source.port)),
    encodeAttribute(protoAttributes.DST_PORT, encodePort(tuple.destination.port)),
  );
  return concatBytes(header, encodeNested(attributes.TUPLE_ORIG, ip, transport));
};

/** A TCP or UDP flow; `undefined` for other protocols and for bytes that are none. */
export const decodeTrackedFlow = (payload: Uint8Array): TrackedFlow | undefined => {
  if (payload.length < 4) return undefined;
  const found: Draft = { status: 0, zone: 0 };
  const view = viewOf(payload);
  eachAttribute(payload, 4, payload.length, (type, start, end) => {
    if (type === attributes.TUPLE_ORIG) found.original = decodeTuple(payload, start, end);
    else if (type === attributes.TUPLE_REPLY) found.reply = decodeTuple(payload, start, end);
    else if (type === attributes.STATUS && end - start >= 4) found.status = view.getUint32(start);
    else if (type === attributes.ZONE && end - start >= 2) found.zone = view.getUint16(start);
    else if (type === attributes.COUNTERS_ORIG) found.bytesOriginal = decodeByteCount(payload, start, end);
    else if (type === attributes.COUNTERS_REPLY) found.bytesReply = decodeByteCount(payload, start, end);
  });
  const { original, reply, bytesOriginal, bytesReply } = found;
  if (original === undefined || reply === undefined) return undefined;
  const protocol = original.protocol === 6 ? 'tcp' : original.protocol === 17 ? 'udp' : undefined;
  if (protocol === undefined) return undefined;
  const flow = {
    protocol,
    original: original.tuple,
    reply: reply.tuple,
    answered: (found.status & IPS_SEEN_REPLY) !== 0,
    zone: found.zone,
  } as const;
  return bytesOriginal === undefined || bytesReply === undefined
    ? flow
    : { ...flow, bytes: { original: bytesOriginal, reply: bytesReply } };
};

const attributes = {
  TUPLE_ORIG: 1,
  TUPLE_REPLY: 2,
  STATUS: 3,
  COUNTERS_ORIG: 9,
  COUNTERS_REPLY: 10,
  ZONE: 18,
} as const;
const tupleAttributes = { IP: 1, PROTO: 2 } as const;
const ipAttributes = { V4_SRC: 1, V4_DST: 2, V6_SRC: 3, V6_DST: 4 } as const;
const protoAttributes = { NUM: 1, SRC_PORT: 2, DST_PORT: 3 } as const;
const counterAttributes = { BYTES: 2 } as const;
const IPS_SEEN_REPLY = 2;

type DecodedTuple = { readonly protocol: number; readonly tuple: FlowTuple };
type Draft = {
  original?: DecodedTuple | undefined;
  reply?: DecodedTuple | undefined;
  status: number;
  zone: number;
  bytesOriginal?: number | undefined;
  bytesReply?: number | undefined;
};

const decodeTuple = (bytes: Uint8Array, from: number, to: number): DecodedTuple | undefined => {
  let source: string | undefined;
  let destination: string | undefined;
  const transport = { protocol: 0, sourcePort: 0, destinationPort: 0 };
  eachAttribute(bytes, from, to, (type, start, end) => {
    if (type === tupleAttributes.IP)
      eachAttribute(bytes, start, end, (kind, at, until) => {
        const address = decodeAddress(bytes, at, until);
        if (kind === ipAttributes.V4_SRC || kind === ipAttributes.V6_SRC) source = address;
        else if (kind === ipAttributes.V4_DST || kind === ipAttributes.V6_DST) destination = address;
      });
    else if (type === tupleAttributes.PROTO)
      eachAttribute(bytes, start, end, (kind, at) => {
        if (kind === protoAttributes.NUM) transport.protocol = bytes[at] ?? 0;
        else if (kind === protoAttributes.SRC_PORT) transport.sourcePort = decodePort(bytes, at);
        else if (kind === protoAttributes.DST_PORT) transport.destinationPort = decodePort(bytes, at);
      });
  });
  if (source === undefined || destination === undefined) return undefined;
  return {
    protocol: transport.protocol,
    tuple: {
      source: { address: source, port: transport.sourcePort },
      destination: { address: destination, port: transport.destinationPort },
    },
  };
};

const decodeAddress = (bytes: Uint8Array, start: number, end: number): string | undefined =>
  end - start === 4 ? formatIpv4(bytes, start) : end - start === 16 ? formatIpv6(bytes, start) : undefined;

const decodePort = (bytes: Uint8Array, at: number): number => ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0);

const encodePort = (port: number): Uint8Array => new Uint8Array([port >> 8, port & 0xff]);

const decodeByteCount = (bytes: Uint8Array, from: number, to: number): number | undefined => {
  let count: number | undefined;
  eachAttribute(bytes, from, to, (type, start, end) => {
    if (type !== counterAttributes.BYTES || end - start < 8) return;
    const view = viewOf(bytes);
    count = view.getUint32(start) * 2 ** 32 + view.getUint32(start + 4);
  });
  return count;
};
