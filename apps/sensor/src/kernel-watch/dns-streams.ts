import type { ProbedDnsStream } from '@parapet/kernel';

/** A DNS message as far as it was read, of a stream where each has its length before it (RFC 1035, 4.2.2). */
export type StreamedMessage = { readonly payload: Uint8Array; readonly isWhole: boolean };

/**
 * Puts messages together of the pieces of TCP streams. Of a message at most its first 1,023 bytes are kept, and it is told once these or all
 * of it are there. What cannot be put together (a piece that is missing, or one in which a message begins beyond what was read of it) ends its stream.
 */
export type DnsStreams = {
  /** Messages that this piece completed; `broken` when its stream cannot be followed any further, once. */
  readonly take: (piece: ProbedDnsStream) => readonly StreamedMessage[] | 'broken';
  readonly size: () => number;
};

/** Some 2 kB each; the oldest are forgotten first. */
const maxStreams = 1024;
const maxKeptBytes = 1023;
const prefixBytes = 2;

export const createDnsStreams = (): DnsStreams => {
  const streams = new Map<string, Stream>();
  return {
    take: (piece) => {
      const key = `${piece.packetNetNamespace} ${piece.direction} ${ends(piece)}`;
      const known = streams.get(key);
      // A port that is used again begins elsewhere, with another socket.
      const stream = known?.socket === piece.socket ? known : begin(piece);
      streams.delete(key);
      streams.set(key, stream);
      const [oldest] = streams.keys();
      if (streams.size > maxStreams && oldest !== undefined) streams.delete(oldest);
      if (stream.isBroken) return [];
      const ahead = (piece.sequence - stream.next) | 0;
      // Sent again.
      if (ahead < 0) return [];
      const messages = ahead === 0 ? follow(stream, piece) : undefined;
      if (messages !== undefined) return messages;
      stream.isBroken = true;
      stream.kept = Buffer.alloc(0);
      return 'broken';
    },
    size: () => streams.size,
  };
};

type Stream = {
  readonly socket: bigint;
  /** Number of the byte that comes next. */
  next: number;
  /** Of the message that is being read, its length's two bytes first. */
  kept: Buffer;
  /** What is left of a message that was told before its end. */
  skip: number;
  isBroken: boolean;
};

const begin = ({ socket, sequence }: ProbedDnsStream): Stream => ({
  ...{ socket, next: sequence, kept: Buffer.alloc(0), skip: 0, isBroken: false },
});

const ends = ({ from, to }: ProbedDnsStream): string =>
  [from, to].map(({ address, port }) => `${Buffer.from(address).toString('hex')} ${port}`).join(' ');

/** `undefined` where a message begins in what was not read of the piece. */
const follow = (stream: Stream, { payload, length }: ProbedDnsStream): readonly StreamedMessage[] | undefined => {
  stream.next = (stream.next + length) | 0;
  const messages: StreamedMessage[] = [];
  let at = 0;
  while (at < length) {
    if (stream.skip > 0) {
      const skipped = Math.min(stream.skip, length - at);
      stream.skip -= skipped;
      at += skipped;
      continue;
    }
    if (at >= payload.length) return undefined;
    const wanted = wantedBytes(stream.kept) - stream.kept.length;
    const found = payload.subarray(at, at + wanted);
    stream.kept = Buffer.concat([stream.kept, found]);
    at += found.length;
    if (stream.kept.length < prefixBytes) continue;
    const messageBytes = stream.kept.readUInt16BE(0);
    const have = stream.kept.length - prefixBytes;
    // What is known of the piece ends here: so does what is told of the message.
    const isCut = at < length && at >= payload.length && have < messageBytes;
    if (!isCut && stream.kept.length < wantedBytes(stream.kept)) continue;
    messages.push({ payload: Uint8Array.from(stream.kept.subarray(prefixBytes)), isWhole: have === messageBytes });
    stream.skip = messageBytes - have;
    stream.kept = Buffer.alloc(0);
  }
  return messages;
};

/** How much is kept of a message, as far as its length is known. */
const wantedBytes = (kept: Buffer): number =>
  kept.length < prefixBytes ? prefixBytes : prefixBytes + Math.min(kept.readUInt16BE(0), maxKeptBytes);
