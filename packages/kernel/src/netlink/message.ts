/**
 * Netlink messages and attributes as bytes (`linux/netlink.h`, netlink(7)). Numbers are in host order, which is little
 * endian on both processors that we support; families that use network order say so.
 */
export const messageFlags = {
  REQUEST: 1,
  MULTI: 2,
  ACK: 4,
  /** In an answer to a dump: the table changed while it was read. */
  DUMP_INTERRUPTED: 0x10,
  DUMP: 0x300,
} as const;

export const messageTypes = { NOOP: 1, ERROR: 2, DONE: 3, OVERRUN: 4 } as const;

export const headerBytes = 16;

export type MessageHeader = {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly port: number;
};

/** One message within a datagram. `payload` shares memory with the datagram. */
export type NetlinkMessage = MessageHeader & { readonly payload: Uint8Array };

/** A whole message: header and payload, padded to four bytes. */
export const encodeMessage = (
  header: { readonly type: number; readonly flags: number; readonly sequence: number },
  payload: Uint8Array,
): Uint8Array => {
  const length = headerBytes + payload.length;
  const bytes = new Uint8Array(align4(length));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, length, true);
  view.setUint16(4, header.type, true);
  view.setUint16(6, header.flags, true);
  view.setUint32(8, header.sequence, true);
  bytes.set(payload, headerBytes);
  return bytes;
};

/** The messages of a datagram in order. Stops at the first whose length cannot be right: what follows has no known start. */
export function* decodeMessages(datagram: Uint8Array): Generator<NetlinkMessage> {
  const view = viewOf(datagram);
  let offset = 0;
  while (offset + headerBytes <= datagram.length) {
    const length = view.getUint32(offset, true);
    if (length < headerBytes || offset + length > datagram.length) return;
    yield {
      type: view.getUint16(offset + 4, true),
      flags: view.getUint16(offset + 6, true),
      sequence: view.getUint32(offset + 8, true),
      port: view.getUint32(offset + 12, true),
      payload: datagram.subarray(offset + headerBytes, offset + length),
    };
    offset += align4(length);
  }
}

/** The error number in the payload of an ERROR or DONE message: 0 is an acknowledgement. */
export const decodeErrorNumber = (payload: Uint8Array): number =>
  payload.length < 4 ? 0 : Math.abs(viewOf(payload).getInt32(0, true));

/** One attribute: type, then value, padded to four bytes. */
export const encodeAttribute = (type: number, value: Uint8Array): Uint8Array => {
  const bytes = new Uint8Array(align4(4 + value.length));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, 4 + value.length, true);
  view.setUint16(2, type, true);
  bytes.set(value, 4);
  return bytes;
};

/** An attribute that holds attributes. */
export const encodeNested = (type: number, ...attributes: readonly Uint8Array[]): Uint8Array =>
  encodeAttribute(type | nestedFlag, concatBytes(...attributes));

/**
 * Calls back for each attribute with its type (flags removed) and the place of its value. Written with a callback and
 * offsets because it runs for every connection of a busy host.
 */
export const eachAttribute = (
  bytes: Uint8Array,
  from: number,
  to: number,
  callback: (type: number, start: number, end: number) => void,
): void => {
  let offset = from;
  while (offset + 4 <= to) {
    const length = byteAt(bytes, offset) | (byteAt(bytes, offset + 1) << 8);
    const type = byteAt(bytes, offset + 2) | ((byteAt(bytes, offset + 3) << 8) & typeMask);
    if (length < 4 || offset + length > to) return;
    callback(type, offset + 4, offset + length);
    offset += align4(length);
  }
};

export const align4 = (length: number): number => (length + 3) & ~3;

export const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export const concatBytes = (...parts: readonly Uint8Array[]): Uint8Array => {
  const joined = new Uint8Array(parts.reduce((total, part) => total + part.length, 0));
  let offset = 0;
  for (const part of parts) {
    joined.set(part, offset);
    offset += part.length;
  }
  return joined;
};

/** NLA_F_NESTED and NLA_F_NET_BYTEORDER share the type's two upper bits. */
const nestedFlag = 0x8000;
const typeMask = 0x3fff;

const byteAt = (bytes: Uint8Array, offset: number): number => bytes[offset] ?? 0;
