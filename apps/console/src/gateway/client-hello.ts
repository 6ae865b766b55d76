/**
 * What the first bytes of a TCP connection say. `serverName` is absent when the client sent none.
 * Anything that is not a well-formed ClientHello is `invalid`: nothing of it is guessed.
 */
export type ClientHelloPeek =
  | { readonly kind: 'incomplete' }
  | { readonly kind: 'invalid' }
  | { readonly kind: 'hello'; readonly serverName: string | undefined };

/** The most bytes that are kept while a ClientHello is incomplete; those of real clients have at most some 4 KiB. */
export const maxClientHelloBytes = 16 * 1024;

/** Reads the server name from the beginning of a TLS connection (RFC 8446 section 4.1.2, RFC 6066 section 3). Consumes nothing. */
export const peekClientHello = (data: Buffer): ClientHelloPeek => {
  const handshake = joinHandshakeRecords(data);
  if (handshake === undefined) return invalid;
  if (handshake.length < 4) return data.length >= maxClientHelloBytes ? invalid : incomplete;
  if (handshake[0] !== clientHelloType) return invalid;
  const length = handshake.readUIntBE(1, 3);
  if (length > maxClientHelloBytes) return invalid;
  if (handshake.length < 4 + length) return data.length >= maxClientHelloBytes ? invalid : incomplete;
  const extensions = findExtensions(createCursor(handshake.subarray(4, 4 + length)));
  return extensions === undefined ? invalid : readServerName(extensions);
};

const invalid = { kind: 'invalid' } as const;
const incomplete = { kind: 'incomplete' } as const;
const handshakeRecord = 22;
const clientHelloType = 1;
const serverNameExtension = 0;
const maxRecordBytes = 16_384;

/** The handshake bytes of the records so far, the last of which may be cut; `undefined` when these are no TLS records. */
const joinHandshakeRecords = (data: Buffer): Buffer | undefined => {
  const parts: Buffer[] = [];
  let offset = 0;
  while (offset < data.length) {
    if (data[offset] !== handshakeRecord) return undefined;
    if (offset + 1 < data.length && data[offset + 1] !== 3) return undefined;
    if (offset + 5 > data.length) break;
    const length = data.readUInt16BE(offset + 3);
    if (length === 0 || length > maxRecordBytes) return undefined;
    parts.push(data.subarray(offset + 5, offset + 5 + length));
    offset += 5 + length;
  }
  return Buffer.concat(parts);
};

type Cursor = {
  /** The next `bytes` bytes; `undefined` when there are not so many. */
  readonly take: (bytes: number) => Buffer | undefined;
  /** A block that is preceded by its length in `lengthBytes` bytes. */
  readonly block: (lengthBytes: number) => Buffer | undefined;
  readonly atEnd: () => boolean;
};

const createCursor = (data: Buffer): Cursor => {
  let offset = 0;
  const take = (bytes: number): Buffer | undefined => {
    if (offset + bytes > data.length) return undefined;
    offset += bytes;
    return data.subarray(offset - bytes, offset);
  };
  const block = (lengthBytes: number): Buffer | undefined => {
    const length = take(lengthBytes);
    return length === undefined ? undefined : take(length.readUIntBE(0, lengthBytes));
  };
  return { take, block, atEnd: () => offset === data.length };
};

/** The extension block of a ClientHello body; empty when it ends before it. */
const findExtensions = (body: Cursor): Buffer | undefined => {
  if (body.take(2 + 32) === undefined) return undefined;
  const sessionId = body.block(1);
  const cipherSuites = body.block(2);
  const compression = body.block(1);
  if (sessionId === undefined || cipherSuites === undefined || compression === undefined) return undefined;
  if (body.atEnd()) return Buffer.alloc(0);
  const extensions = body.block(2);
  return extensions !== undefined && body.atEnd() ? extensions : undefined;
};

const readServerName = (extensions: Buffer): ClientHelloPeek => {
  const cursor = createCursor(extensions);
  let serverName: string | undefined;
  while (!cursor.atEnd()) {
    const type = cursor.take(2);
    const content = cursor.block(2);
    if (type === undefined || content === undefined) return invalid;
    if (type.readUInt16BE(0) !== serverNameExtension) continue;
    const name = readHostName(content);
    if (name === undefined || serverName !== undefined) return invalid;
    serverName = name;
  }
  return { kind: 'hello', serverName };
};

const readHostName = (content: Buffer): string | undefined => {
  const list = createCursor(content).block(2);
  if (list === undefined || list.length !== content.length - 2) return undefined;
  const entry = createCursor(list);
  const type = entry.take(1);
  const name = entry.block(2);
  if (type?.[0] !== 0 || name === undefined || name.length === 0 || name.length > 255 || !entry.atEnd()) {
    return undefined;
  }
  return name.toString('latin1').toLowerCase();
};
