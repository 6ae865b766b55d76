import { inflateRawSync } from 'node:zlib';
import { FormatError } from '../extractors/extractor.ts';
import type { RandomAccessFile } from '../file-system/file-system.ts';

/** A file in a zip archive. */
export type ZipEntry = {
  /** As the archive names it; never used as a path of the target. */
  readonly name: string;
  readonly sizeBytes: number;
  readonly packedBytes: number;
  readonly method: number;
  readonly isEncrypted: boolean;
  /** Of its local header. */
  readonly offset: number;
};

export type ZipArchive = {
  readonly entries: readonly ZipEntry[];
  /** The entry's content, of `maxBytes` unpacked at most. Throws {@link FormatError}. */
  readonly read: (entry: ZipEntry, maxBytes: number) => Promise<Buffer>;
  /** An entry that is not compressed, read where it lies in the archive; `undefined` for one that is. */
  readonly inPlace: (entry: ZipEntry) => Promise<RandomAccessFile | undefined>;
};

/** The largest known archives of Java have some 100,000 files. */
const maxEntries = 200_000;
const maxDirectoryBytes = 32 * 1024 * 1024;
const endBytes = 22;
const maxCommentBytes = 65_535;
const entryBytes = 46;
const localBytes = 30;

/**
 * Reads the directory of a zip archive (APPNOTE.TXT of PKWARE), with its 64-bit fields. Only entries for which `isWanted` is
 * true are kept. What stands before the archive, as in programs that carry one, is passed over.
 */
export const openZip = async (file: RandomAccessFile, isWanted: (name: string) => boolean): Promise<ZipArchive> => {
  const end = await findEnd(file);
  if (end.directoryBytes > maxDirectoryBytes) throw new FormatError('its directory is too large.');
  const start = end.at - end.directoryBytes;
  // The offset that is stated counts from the beginning of the archive, which need not be that of the file.
  const shift = start - end.directoryOffset;
  if (start < 0 || shift < 0) throw new FormatError('its directory lies outside of it.');
  const directory = await file.read(start, end.directoryBytes);
  return {
    entries: entriesOf(directory, isWanted, shift),
    read: (entry, maxBytes) => readEntry(file, entry, maxBytes),
    inPlace: (entry) => openInPlace(file, entry),
  };
};

type End = { readonly at: number; readonly directoryBytes: number; readonly directoryOffset: number };

const findEnd = async (file: RandomAccessFile): Promise<End> => {
  const tailStart = Math.max(0, file.sizeBytes - endBytes - maxCommentBytes);
  const tail = await file.read(tailStart, file.sizeBytes - tailStart);
  for (let at = tail.length - endBytes; at >= 0; at -= 1) {
    if (tail.readUInt32LE(at) !== 0x06054b50 || at + endBytes + tail.readUInt16LE(at + 20) > tail.length) continue;
    const found = {
      at: tailStart + at,
      directoryBytes: tail.readUInt32LE(at + 12),
      directoryOffset: tail.readUInt32LE(at + 16),
    };
    const isLarge = found.directoryOffset === 0xffffffff || found.directoryBytes === 0xffffffff;
    return isLarge ? findLargeEnd(file, found.at) : found;
  }
  throw new FormatError('it is no zip archive, or cut off.');
};

/** The 64-bit end record, whose place a locator before the plain one tells. */
const findLargeEnd = async (file: RandomAccessFile, endAt: number): Promise<End> => {
  const locator = await file.read(Math.max(0, endAt - 20), 20);
  if (locator.length < 20 || locator.readUInt32LE(0) !== 0x07064b50)
    throw new FormatError('its 64-bit directory is missing.');
  const at = numberOf(locator.readBigUInt64LE(8));
  const record = await file.read(at, 56);
  if (record.length < 56 || record.readUInt32LE(0) !== 0x06064b50)
    throw new FormatError('its 64-bit directory is missing.');
  return {
    at,
    directoryBytes: numberOf(record.readBigUInt64LE(40)),
    directoryOffset: numberOf(record.readBigUInt64LE(48)),
  };
};

const numberOf = (value: bigint): number => {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new FormatError('it has a number beyond all files.');
  return Number(value);
};

const entriesOf = (directory: Buffer, isWanted: (name: string) => boolean, shift: number): ZipEntry[] => {
  const entries: ZipEntry[] = [];
  let count = 0;
  for (let at = 0; at + entryBytes <= directory.length; ) {
    if (directory.readUInt32LE(at) !== 0x02014b50) throw new FormatError('its directory is broken.');
    count += 1;
    if (count > maxEntries) throw new FormatError(`it has more than ${maxEntries} files.`);
    const nameBytes = directory.readUInt16LE(at + 28);
    const extraBytes = directory.readUInt16LE(at + 30);
    const name = directory.toString('utf8', at + entryBytes, at + entryBytes + nameBytes);
    if (isWanted(name)) entries.push(entryOf(directory, at, name, extraBytes, shift));
    at += entryBytes + nameBytes + extraBytes + directory.readUInt16LE(at + 32);
  }
  return entries;
};

const entryOf = (directory: Buffer, at: number, name: string, extraBytes: number, shift: number): ZipEntry => {
  const extraAt = at + entryBytes + directory.readUInt16LE(at + 28);
  const large = largeFields(directory.subarray(extraAt, extraAt + extraBytes));
  const field = (value: number): number => (value === 0xffffffff ? large() : value);
  const sizeBytes = field(directory.readUInt32LE(at + 24));
  const packedBytes = field(directory.readUInt32LE(at + 20));
  return {
    name,
    sizeBytes,
    packedBytes,
    method: directory.readUInt16LE(at + 10),
    isEncrypted: (directory.readUInt16LE(at + 8) & 1) !== 0,
    offset: field(directory.readUInt32LE(at + 42)) + shift,
  };
};

/** Reads one 64-bit field after another of those that did not fit their 32 bits. */
const largeFields = (extra: Buffer): (() => number) => {
  let fields: Buffer = Buffer.alloc(0);
  for (let at = 0; at + 4 <= extra.length; at += 4 + extra.readUInt16LE(at + 2)) {
    if (extra.readUInt16LE(at) === 1) fields = extra.subarray(at + 4, at + 4 + extra.readUInt16LE(at + 2));
  }
  let next = 0;
  return () => {
    if (next + 8 > fields.length) throw new FormatError('its directory is broken.');
    next += 8;
    return numberOf(fields.readBigUInt64LE(next - 8));
  };
};

const readEntry = async (file: RandomAccessFile, entry: ZipEntry, maxBytes: number): Promise<Buffer> => {
  if (entry.isEncrypted) throw new FormatError(`${entry.name} is encrypted.`);
  if (entry.sizeBytes > maxBytes || entry.packedBytes > maxBytes) {
    throw new FormatError(`${entry.name} has more than ${maxBytes} bytes.`);
  }
  const at = await contentOffset(file, entry);
  const packed = await file.read(at, entry.packedBytes);
  if (packed.length < entry.packedBytes) throw new FormatError(`${entry.name} is cut off.`);
  if (entry.method === 0) return packed;
  if (entry.method !== 8) throw new FormatError(`${entry.name} is packed in a way that is not known.`);
  return inflateRawSync(packed, { maxOutputLength: maxBytes });
};

const contentOffset = async (file: RandomAccessFile, entry: ZipEntry): Promise<number> => {
  const local = await file.read(entry.offset, localBytes);
  if (local.length < localBytes || local.readUInt32LE(0) !== 0x04034b50)
    throw new FormatError(`${entry.name} is missing.`);
  return entry.offset + localBytes + local.readUInt16LE(26) + local.readUInt16LE(28);
};

const openInPlace = async (file: RandomAccessFile, entry: ZipEntry): Promise<RandomAccessFile | undefined> => {
  if (entry.method !== 0 || entry.isEncrypted || entry.packedBytes !== entry.sizeBytes) return undefined;
  const start = await contentOffset(file, entry);
  const sizeBytes = Math.max(0, Math.min(entry.sizeBytes, file.sizeBytes - start));
  return {
    sizeBytes,
    read: async (offset, length) =>
      offset >= sizeBytes ? Buffer.alloc(0) : file.read(start + offset, Math.min(length, sizeBytes - offset)),
    [Symbol.asyncDispose]: async () => {},
  };
};
