import { type BlockReader, FormatError, maxHeaderBytes } from './block-reader.ts';

/*
 * A reader for one table of an SQLite file (https://www.sqlite.org/fileformat.html), used instead of SQLite itself: the file
 * comes out of a workload, SQLite wants a path rather than an image's bytes, and it would run what a hostile schema says
 * (views without end, generated columns). It also leaves the database of a live host alone: no lock, no journal.
 */
const magic = 'SQLite format 3\0';
const pageType = { interior: 5, leaf: 13 } as const;
const maxDepth = 32;
const table = 'Packages';

/** The headers in rpm's `rpmdb.sqlite`; `wal` is its write-ahead log, where the newest pages can be. */
export async function* readSqliteHeaders(reader: BlockReader, wal: BlockReader | undefined): AsyncGenerator<Buffer> {
  const header = await reader.read(0, 100);
  if (header.toString('latin1', 0, 16) !== magic) throw new FormatError('it is no SQLite file');
  const pages = await createPages(reader, wal, header);
  const root = await findTable(pages);
  for await (const payload of rowsOf(root, pages, 0)) {
    const blob = columnsOf(payload)[1];
    if (blob?.kind === 'blob') yield blob.bytes;
  }
}

type Pages = {
  readonly usableBytes: number;
  readonly page: (number: number) => Promise<Buffer>;
  /** For chains that lead through more pages than there are. */
  readonly step: () => void;
};

const createPages = async (reader: BlockReader, wal: BlockReader | undefined, header: Buffer): Promise<Pages> => {
  const stated = header.readUInt16BE(16);
  const pageBytes = stated === 1 ? 65_536 : stated;
  if (pageBytes < 512 || (pageBytes & (pageBytes - 1)) !== 0) throw new FormatError(`its page size is ${pageBytes}`);
  const usableBytes = pageBytes - (header[20] ?? 0);
  if (usableBytes < 480) throw new FormatError('its pages have no room');
  const newer = wal === undefined ? new Map<number, number>() : await committedPages(wal, pageBytes);
  let stepsLeft = 4 * (Math.ceil(reader.sizeBytes / pageBytes) + newer.size) + 64;
  return {
    usableBytes,
    step: () => {
      stepsLeft -= 1;
      if (stepsLeft < 0) throw new FormatError('its pages lead in a circle');
    },
    page: (number) => {
      if (number < 1) throw new FormatError('it refers to page 0');
      const inLog = newer.get(number);
      if (inLog !== undefined && wal !== undefined) return wal.read(inLog, pageBytes);
      return reader.read((number - 1) * pageBytes, pageBytes);
    },
  };
};

/** Where the log has newer pages: up to its last commit, frames of the current generation (salt) only. */
const committedPages = async (wal: BlockReader, pageBytes: number): Promise<Map<number, number>> => {
  const committed = new Map<number, number>();
  if (wal.sizeBytes < 32) return committed;
  const header = await wal.read(0, 32);
  if ((header.readUInt32BE(0) & 0xfffffffe) !== 0x377f0682 || header.readUInt32BE(8) !== pageBytes) return committed;
  let pending = new Map<number, number>();
  for (let at = 32; at + 24 + pageBytes <= wal.sizeBytes; at += 24 + pageBytes) {
    const frame = await wal.read(at, 24);
    if (!frame.subarray(8, 16).equals(header.subarray(16, 24))) break;
    pending.set(frame.readUInt32BE(0), at + 24);
    if (frame.readUInt32BE(4) === 0) continue;
    for (const [page, offset] of pending) committed.set(page, offset);
    pending = new Map();
  }
  return committed;
};

const findTable = async (pages: Pages): Promise<number> => {
  for await (const payload of rowsOf(1, pages, 0)) {
    const [type, name, , root] = columnsOf(payload);
    if (type?.kind === 'text' && type.text === 'table' && name?.kind === 'text' && name.text === table) {
      if (root?.kind === 'number') return root.value;
    }
  }
  throw new FormatError(`it has no table ${table}`);
};

/** The records of a table's tree, in key order. */
async function* rowsOf(number: number, pages: Pages, depth: number): AsyncGenerator<Buffer> {
  if (depth > maxDepth) throw new FormatError('its tree is too deep');
  pages.step();
  const page = await pages.page(number);
  const start = number === 1 ? 100 : 0;
  const type = page[start];
  const count = page.readUInt16BE(start + 3);
  const cells = start + (type === pageType.interior ? 12 : 8);
  if ((type !== pageType.interior && type !== pageType.leaf) || cells + count * 2 > page.length) {
    throw new FormatError(`page ${number} is no part of a table`);
  }
  for (let index = 0; index < count; index += 1) {
    const at = page.readUInt16BE(cells + index * 2);
    if (type === pageType.leaf) yield await readPayload(page, at, pages);
    else yield* rowsOf(numberAt(page, at), pages, depth + 1);
  }
  if (type === pageType.interior) yield* rowsOf(numberAt(page, start + 8), pages, depth + 1);
}

const numberAt = (page: Buffer, at: number): number => {
  if (at + 4 > page.length) throw new FormatError('a cell lies outside its page');
  return page.readUInt32BE(at);
};

/** A leaf cell: length, row id, the first bytes, and the page where the rest continues. */
const readPayload = async (page: Buffer, at: number, pages: Pages): Promise<Buffer> => {
  const length = varint(page, at);
  const rowId = varint(page, length.next);
  if (length.value > maxHeaderBytes) throw new FormatError(`an entry claims ${length.value} bytes`);
  const maxLocal = pages.usableBytes - 35;
  if (length.value <= maxLocal) return sliceOf(page, rowId.next, length.value);
  const minLocal = Math.floor(((pages.usableBytes - 12) * 32) / 255) - 23;
  const fitting = minLocal + ((length.value - minLocal) % (pages.usableBytes - 4));
  const local = fitting <= maxLocal ? fitting : minLocal;
  const parts = [sliceOf(page, rowId.next, local)];
  let left = length.value - local;
  let next = numberAt(page, rowId.next + local);
  while (left > 0) {
    pages.step();
    const overflow = await pages.page(next);
    const part = sliceOf(overflow, 4, Math.min(left, pages.usableBytes - 4));
    parts.push(part);
    left -= part.length;
    next = overflow.readUInt32BE(0);
  }
  return Buffer.concat(parts);
};

const sliceOf = (page: Buffer, start: number, length: number): Buffer => {
  if (start + length > page.length) throw new FormatError('a cell lies outside its page');
  return page.subarray(start, start + length);
};

type Column =
  | { readonly kind: 'number'; readonly value: number }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'blob'; readonly bytes: Buffer }
  | { readonly kind: 'null' };

/** The first columns of a record. */
const columnsOf = (payload: Buffer): Column[] => {
  const header = varint(payload, 0);
  const columns: Column[] = [];
  let typeAt = header.next;
  let at = header.value;
  while (typeAt < header.value && columns.length < 8) {
    const type = varint(payload, typeAt);
    typeAt = type.next;
    const bytes = sliceOf(payload, at, columnBytes(type.value));
    at += bytes.length;
    columns.push(columnOf(type.value, bytes));
  }
  return columns;
};

const columnBytes = (type: number): number => {
  if (type >= 12) return Math.floor((type - 12) / 2);
  return [0, 1, 2, 3, 4, 6, 8, 8, 0, 0][type] ?? 0;
};

const columnOf = (type: number, bytes: Buffer): Column => {
  if (type >= 12) return type % 2 === 0 ? { kind: 'blob', bytes } : { kind: 'text', text: bytes.toString('utf8') };
  if (type === 8 || type === 9) return { kind: 'number', value: type - 8 };
  if (type >= 1 && type <= 5) return { kind: 'number', value: bytes.readIntBE(0, bytes.length) };
  return { kind: 'null' };
};

/** SQLite's variable-length integer; values past 2^53 are no sizes of anything here. */
const varint = (bytes: Buffer, at: number): { readonly value: number; readonly next: number } => {
  let value = 0;
  for (let index = 0; index < 9; index += 1) {
    const byte = bytes[at + index];
    if (byte === undefined) throw new FormatError('a number is cut');
    if (index === 8) return { value: value * 256 + byte, next: at + 9 };
    value = value * 128 + (byte & 0x7f);
    if (byte < 0x80) return { value, next: at + index + 1 };
  }
  throw new FormatError('a number is cut');
};
