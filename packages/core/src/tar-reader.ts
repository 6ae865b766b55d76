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

  const beginEntry = (): void => {
    const parsed = parseHeader(header);
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

  const takeHeader = (bytes: Buffer): number => {
    const taken = Math.min(bytes.length, blockBytes - headerFilled);
    bytes.copy(header, headerFilled, 0, taken);
    headerFilled += taken;
    if (headerFilled === blockBytes) {
      headerFilled = 0;
      beginEntry();
    }
    return taken;
  };

  const takeContent = (bytes: Buffer): number => {
    const taken = Math.min(bytes.length, contentLeft);
    sink?.write(bytes.subarray(0, taken));
    contentLeft -= taken;
    if (contentLeft === 0) endEntry();
    return taken;
  };

  const takePadding = (bytes: Buffer): number => {
    const taken = Math.min(bytes.length, paddingLeft);
    paddingLeft -= taken;
    return taken;
  };

  return {
    write: (chunk) => {
      const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      let at = 0;
      while (at < bytes.length && !ended) {
        const rest = at === 0 ? bytes : bytes.subarray(at);
        at += contentLeft > 0 ? takeContent(rest) : paddingLeft > 0 ? takePadding(rest) : takeHeader(rest);
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

/** `undefined` for the block of zeros that ends an archive. */
const parseHeader = (block: Buffer): RawHeader | undefined => {
  if (block[0] === 0 && block.every((byte) => byte === 0)) return undefined;
  checkSum(block);
  const isPosix = block.toString('latin1', 257, 263) === 'ustar\0';
  const prefix = isPosix ? text(block, 345, 155) : '';
  const name = text(block, 0, 100);
  return {
    type: String.fromCharCode(block[156] ?? 0),
    path: prefix === '' ? name : `${prefix}/${name}`,
    sizeBytes: number(block, 124, 12),
    isExecutable: (Number.parseInt(block.toString('latin1', 100, 108).trimStart(), 8) & 0o111) !== 0,
    linkTarget: text(block, 157, 100),
    device: { major: number(block, 329, 8), minor: number(block, 337, 8) },
  };
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

const checkSum = (block: Buffer): void => {
  const stated = number(block, 148, 8);
  let sum = 8 * 32;
  for (let at = 0; at < blockBytes; at += 1) if (at < 148 || at >= 156) sum += block[at] ?? 0;
  if (sum !== stated) throw new TarError('broken-archive', 'The archive has a header with a wrong checksum.');
};

const text = (block: Buffer, start: number, length: number): string => {
  const end = block.indexOf(0, start);
  return block.toString('utf8', start, end < 0 || end > start + length ? start + length : end);
};

/** Octal digits, or GNU's big-endian binary when the first bit is set. */
const number = (block: Buffer, start: number, length: number): number => {
  const field = block.subarray(start, start + length);
  if (((field[0] ?? 0) & 0x80) !== 0) {
    let value = (field[0] ?? 0) & 0x7f;
    for (const byte of field.subarray(1)) value = value * 256 + byte;
    return bounded(value);
  }
  const digits = field
    .toString('latin1')
    .replace(/[\0 ]+$/, '')
    .trimStart();
  if (digits === '') return 0;
  return bounded(/^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN);
};

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
