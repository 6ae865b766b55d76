import { type BlockReader, checkHeaderBytes, FormatError } from './block-reader.ts';

/** Berkeley DB's hash format: rpm up to 4.15, `Packages`. Pages are laid out as in Berkeley DB's `db_page.h`. */
const hashMagic = 0x00061561;
const pageHeaderBytes = 26;
const pageType = { hashUnsorted: 2, overflow: 7, hash: 13 } as const;
const itemType = { keyData: 1, offPage: 3 } as const;
/** A header has at least its two counts and one index entry. */
const minHeaderBytes = 24;

/** The headers in a hash database. Keys are record numbers and of no interest; every value of some size is a header. */
export async function* readBerkeleyHeaders(reader: BlockReader): AsyncGenerator<Buffer> {
  const meta = await reader.read(0, 72);
  const layout = layoutOf(meta, reader);
  for (let page = 1; page <= layout.lastPage; page += 1) {
    const bytes = await reader.read(page * layout.pageBytes, layout.pageBytes);
    const type = bytes[25];
    if (type === pageType.hash || type === pageType.hashUnsorted) yield* headersOfPage(bytes, layout, reader);
  }
  if (layout.lastPage < layout.statedLastPage) throw new FormatError('it is shorter than it says');
}

type Layout = {
  readonly pageBytes: number;
  /** Of the pages that are there. */
  readonly lastPage: number;
  readonly statedLastPage: number;
  readonly u16: (bytes: Buffer, at: number) => number;
  readonly u32: (bytes: Buffer, at: number) => number;
};

const layoutOf = (meta: Buffer, reader: BlockReader): Layout => {
  const isLittle = meta.readUInt32LE(12) === hashMagic;
  if (!isLittle && meta.readUInt32BE(12) !== hashMagic) throw new FormatError('it is no Berkeley DB hash file');
  const u16 = (bytes: Buffer, at: number): number => (isLittle ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at));
  const u32 = (bytes: Buffer, at: number): number => (isLittle ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at));
  const pageBytes = u32(meta, 20);
  if (pageBytes < 512 || pageBytes > 65_536 || (pageBytes & (pageBytes - 1)) !== 0) {
    throw new FormatError(`its page size is ${pageBytes}`);
  }
  if (meta[24] !== 0) throw new FormatError('it is encrypted');
  const statedLastPage = u32(meta, 32);
  const lastPage = Math.min(statedLastPage, Math.floor(reader.sizeBytes / pageBytes) - 1);
  return { pageBytes, lastPage, statedLastPage, u16, u32 };
};

/** Items come in pairs of key and value; their offsets follow the page's header, their bytes fill it from the end. */
async function* headersOfPage(page: Buffer, layout: Layout, reader: BlockReader): AsyncGenerator<Buffer> {
  const count = layout.u16(page, 20);
  if (pageHeaderBytes + count * 2 > page.length) throw new FormatError('a page has more items than room');
  for (let index = 1; index < count; index += 2) {
    const start = layout.u16(page, pageHeaderBytes + index * 2);
    const end = layout.u16(page, pageHeaderBytes + (index - 1) * 2);
    if (start < pageHeaderBytes || end > page.length || start >= end)
      throw new FormatError('an item lies outside its page');
    const type = page[start];
    if (type === itemType.offPage && end - start >= 12) {
      yield await readOverflow(layout.u32(page, start + 4), layout.u32(page, start + 8), layout, reader);
    } else if (type === itemType.keyData && end - start > minHeaderBytes) {
      yield page.subarray(start + 1, end);
    }
  }
}

/** A value too large for a page: a chain of pages, each with its number of bytes and the next page. */
const readOverflow = async (first: number, length: number, layout: Layout, reader: BlockReader): Promise<Buffer> => {
  checkHeaderBytes(length, reader);
  const parts: Buffer[] = [];
  let collected = 0;
  let next = first;
  while (collected < length) {
    if (next === 0 || next > layout.lastPage) throw new FormatError('an entry ends in the middle');
    const page = await reader.read(next * layout.pageBytes, layout.pageBytes);
    const bytes = layout.u16(page, 22);
    if (page[25] !== pageType.overflow || bytes === 0 || pageHeaderBytes + bytes > page.length) {
      throw new FormatError(`page ${next} does not continue an entry`);
    }
    parts.push(page.subarray(pageHeaderBytes, pageHeaderBytes + bytes));
    collected += bytes;
    next = layout.u32(page, 16);
  }
  return Buffer.concat(parts).subarray(0, length);
};
