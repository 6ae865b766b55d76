/** One entry of a tar archive, as its headers say. Paths are as stored: whoever uses them checks them. */
export type TarHeader = {
  readonly path: string;
  /** `other` are devices, FIFOs and sparse files. */
  readonly kind: 'file' | 'directory' | 'symlink' | 'hard-link' | 'other';
  /** Bytes of content that follow. */
  readonly sizeBytes: number;
  /** Whether anybody may execute it, by its mode. */
  readonly isExecutable: boolean;
  /** Of links. */
  readonly linkTarget: string;
  /** Of devices; overlay layers mark a deletion by the device 0:0. */
  readonly device: { readonly major: number; readonly minor: number };
};

/** Takes the content of one entry. Chunks are only valid during the call. */
export type TarSink = { readonly write: (chunk: Buffer) => void; readonly end: () => void };

export type TarReaderOptions = {
  /** Called at each entry; returns where its content goes, or `undefined` to skip it. */
  readonly onEntry: (header: TarHeader) => TarSink | undefined;
  readonly maxEntries: number;
};

export type TarReader = {
  /** Takes the next bytes. Throws {@link TarError} when they are no tar archive or a limit is reached. */
  readonly write: (chunk: Uint8Array) => void;
  /** Throws {@link TarError} when the archive stops in the middle of an entry. */
  readonly finish: () => void;
};

export class TarError extends Error {
  /** `broken-archive` or `too-many`. */
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'TarError';
    this.code = code;
  }
}

const blockBytes = 512;
/** Long names and PAX records; a path has at most 4 KB. */
const maxMetaBytes = 1024 * 1024;

/**
 * Reads a tar archive (ustar, PAX, GNU long names) that is pushed into it. Entries that nobody wants cost no memory and no
 * promise, so a layer of millions of empty files is a matter of seconds.
 */
export const createTarReader = (options: TarReaderOptions): TarReader => {
  const header = Buffer.alloc(blockBytes);
  let headerFilled = 0;
  let contentLeft = 0;
  let paddingLeft = 0;
  let sink: TarSink | undefined;
  let ended = false;
  let entries = 0;
  let overrides: Overrides = {};

  const beginEntry = (bytes: Buffer, at: number): void => {
    const parsed = parseHeader(bytes, at);
    if (parsed === undefined) {
      ended = true;
      return;
    }
    const isMeta = metaTypes.has(parsed.type);
    const sizeBytes = isMeta ? parsed.sizeBytes : (overrides.sizeBytes ?? parsed.sizeBytes);
    const hasContent = contentTypes.has(parsed.type) || isMeta;
    contentLeft = hasContent ? sizeBytes : 0;
    paddingLeft = (blockBytes - (contentLeft % blockBytes)) % blockBytes;
    if (isMeta) sink = metaSink(parsed.type, sizeBytes);
    else {
      entries += 1;
      if (entries > options.maxEntries)
        throw new TarError('too-many', `The archive has more than ${options.maxEntries} entries.`);
      sink = options.onEntry(entryOf(parsed, overrides, contentLeft));
      overrides = {};
    }
    if (contentLeft === 0) endEntry();
  };

  const endEntry = (): void => {
    const finished = sink;
    sink = undefined;
    finished?.end();
  };

  const metaSink = (type: string, sizeBytes: number): TarSink | undefined => {
    if (sizeBytes > maxMetaBytes) throw new TarError('broken-archive', 'The archive has a header of absurd size.');
    if (type === 'g') return undefined;
    const chunks: Buffer[] = [];
    return {
      write: (chunk) => chunks.push(Buffer.from(chunk)),
      end: () => {
        overrides = { ...overrides, ...overridesOf(type, Buffer.concat(chunks)) };
      },
    };
  };

  /** A header that lies whole in the bytes is read where it is: nearly all do, and an archive has millions. */
  const takeHeader = (bytes: Buffer, at: number): number => {
    if (headerFilled === 0 && bytes.length - at >= blockBytes) {
      beginEntry(bytes, at);
      return blockBytes;
    }
    const taken = bytes.copy(header, headerFilled, at, at + blockBytes - headerFilled);
    headerFilled += taken;
    if (headerFilled === blockBytes) {
      headerFilled = 0;
      beginEntry(header, 0);
    }
    return taken;
  };

  const takeContent = (bytes: Buffer, at: number): number => {
    const taken = Math.min(bytes.length - at, contentLeft);
    sink?.write(bytes.subarray(at, at + taken));
    contentLeft -= taken;
    if (contentLeft === 0) endEntry();
    return taken;
  };

  const takePadding = (bytes: Buffer, at: number): number => {
    const taken = Math.min(bytes.length - at, paddingLeft);
    paddingLeft -= taken;
    return taken;
  };

  return {
    write: (chunk) => {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      let at = 0;
      while (at < bytes.length && !ended) {
        if (contentLeft > 0) at += takeContent(bytes, at);
        else at += paddingLeft > 0 ? takePadding(bytes, at) : takeHeader(bytes, at);
      }
    },
    finish: () => {
      if (contentLeft > 0 || headerFilled > 0) throw new TarError('broken-archive', 'The archive ends too early.');
    },
  };
};

/** What PAX records and GNU long names say about the entry that follows. */
type Overrides = {
  readonly path?: string;
  readonly linkTarget?: string;
  readonly sizeBytes?: number;
  readonly isSparse?: boolean;
};

const metaTypes = new Set(['x', 'X', 'g', 'L', 'K']);
/** Types whose header is followed by content; unknown ones are, by POSIX, read like files. */
const contentTypes: { readonly has: (type: string) => boolean } = { has: (type) => !'123456'.includes(type) };

type RawHeader = {
  readonly type: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly isExecutable: boolean;
  readonly linkTarget: string;
  readonly device: TarHeader['device'];
};

/** Reads the header at `at`; `undefined` for the block of zeros that ends an archive. */
const parseHeader = (bytes: Buffer, at: number): RawHeader | undefined => {
  if (bytes[at] === 0 && bytes.subarray(at, at + blockBytes).every((byte) => byte === 0)) return undefined;
  checkSum(bytes, at);
  const type = String.fromCharCode(bytes[at + 156] ?? 0);
  const prefix = isPosix(bytes, at) ? text(bytes, at + 345, 155) : '';
  const name = text(bytes, at, 100);
  return {
    type,
    path: prefix === '' ? name : `${prefix}/${name}`,
    sizeBytes: number(bytes, at + 124, 12),
    isExecutable: isExecutable(bytes, at),
    linkTarget: text(bytes, at + 157, 100),
    device:
      type === '3' || type === '4'
        ? { major: number(bytes, at + 329, 8), minor: number(bytes, at + 337, 8) }
        : noDevice,
  };
};

const noDevice = { major: 0, minor: 0 };

const magic = Buffer.from('ustar\0');

const isPosix = (bytes: Buffer, at: number): boolean => bytes.compare(magic, 0, 6, at + 257, at + 263) === 0;

/** By the last three octal digits of the mode. */
const isExecutable = (bytes: Buffer, at: number): boolean => {
  const mode = Number.parseInt(bytes.toString('latin1', at + 100, at + 108).trimStart(), 8);
  return (mode & 0o111) !== 0;
};

const entryOf = (raw: RawHeader, overrides: Overrides, sizeBytes: number): TarHeader => {
  const path = overrides.path ?? raw.path;
  return {
    path,
    kind: overrides.isSparse === true ? 'other' : kindOf(raw.type, path),
    sizeBytes,
    isExecutable: raw.isExecutable,
    linkTarget: overrides.linkTarget ?? raw.linkTarget,
    device: raw.device,
  };
};

const kindOf = (type: string, path: string): TarHeader['kind'] => {
  switch (type) {
    case '0':
    case '7':
      return 'file';
    case '\0':
      return path.endsWith('/') ? 'directory' : 'file';
    case '1':
      return 'hard-link';
    case '2':
      return 'symlink';
    case '5':
      return 'directory';
    default:
      return 'other';
  }
};

const checkSum = (bytes: Buffer, at: number): void => {
  const stated = number(bytes, at + 148, 8);
  let sum = 8 * 32;
  for (let offset = 0; offset < blockBytes; offset += 1) {
    if (offset < 148 || offset >= 156) sum += bytes[at + offset] ?? 0;
  }
  if (sum !== stated) throw new TarError('broken-archive', 'The archive has a header with a wrong checksum.');
};

/** Up to the first zero. */
const text = (bytes: Buffer, start: number, length: number): string => {
  let end = start;
  while (end < start + length && bytes[end] !== 0) end += 1;
  return end === start ? '' : bytes.toString('utf8', start, end);
};

/** Octal digits between blanks and zeros, or GNU's big-endian binary when the first bit is set. */
const number = (bytes: Buffer, start: number, length: number): number => {
  const first = bytes[start] ?? 0;
  let value = 0;
  if ((first & 0x80) !== 0) {
    value = first & 0x7f;
    for (let at = start + 1; at < start + length; at += 1) value = value * 256 + (bytes[at] ?? 0);
    return bounded(value);
  }
  let at = start;
  let end = start + length;
  while (at < end && isBlank(bytes[at])) at += 1;
  while (end > at && (bytes[end - 1] === 0 || bytes[end - 1] === 0x20)) end -= 1;
  for (; at < end; at += 1) {
    const digit = (bytes[at] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) return bounded(Number.NaN);
    value = value * 8 + digit;
  }
  return value;
};

/** What stands before digits: space, and tab to carriage return. */
const isBlank = (byte: number | undefined): boolean =>
  byte === 0x20 || (byte !== undefined && byte >= 0x09 && byte <= 0x0d);

const bounded = (value: number): number => {
  if (Number.isSafeInteger(value)) return value;
  throw new TarError('broken-archive', 'The archive has a header with a number that is none.');
};

const overridesOf = (type: string, content: Buffer): Overrides => {
  if (type === 'L') return { path: content.toString('utf8').replace(/\0+$/, '') };
  if (type === 'K') return { linkTarget: content.toString('utf8').replace(/\0+$/, '') };
  const records = paxRecords(content);
  const path = records.get('GNU.sparse.name') ?? records.get('path');
  const linkTarget = records.get('linkpath');
  const size = records.get('size');
  return {
    ...(path === undefined ? {} : { path }),
    ...(linkTarget === undefined ? {} : { linkTarget }),
    ...(size === undefined ? {} : { sizeBytes: bounded(/^\d+$/.test(size) ? Number(size) : Number.NaN) }),
    ...([...records.keys()].some((key) => key.startsWith('GNU.sparse')) ? { isSparse: true } : {}),
  };
};

/** `<length> <key>=<value>\n`, the length counting itself. */
const paxRecords = (content: Buffer): ReadonlyMap<string, string> => {
  const records = new Map<string, string>();
  let at = 0;
  while (at < content.length) {
    const space = content.indexOf(0x20, at);
    const length = Number(content.toString('latin1', at, space));
    if (space < 0 || space - at > 10 || !Number.isInteger(length) || length < 5 || at + length > content.length) {
      throw new TarError('broken-archive', 'The archive has a broken PAX header.');
    }
    const record = content.toString('utf8', space + 1, at + length - 1);
    const equals = record.indexOf('=');
    records.set(record.slice(0, equals), record.slice(equals + 1));
    at += length;
  }
  return records;
};
