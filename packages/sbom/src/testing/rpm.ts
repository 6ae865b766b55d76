import { adler32Of } from './adler32.ts';

export type SampleRpm = {
  readonly name: string;
  readonly version: string;
  readonly release: string;
  readonly epoch?: number;
  readonly architecture?: string;
  readonly licence?: string;
  readonly sourceRpm?: string;
  readonly module?: string;
  readonly files?: readonly { readonly path: string; readonly mode: number }[];
  /** Text that makes the header as large as wanted. */
  readonly description?: string;
};

type Tag = { readonly tag: number; readonly type: number; readonly count: number; readonly data: Buffer };

const text = (tag: number, value: string | undefined): Tag[] =>
  value === undefined ? [] : [{ tag, type: 6, count: 1, data: Buffer.from(`${value}\0`) }];

const texts = (tag: number, values: readonly string[]): Tag => ({
  tag,
  type: 8,
  count: values.length,
  data: Buffer.from(values.map((value) => `${value}\0`).join('')),
});

const numbers = (tag: number, width: 2 | 4, values: readonly number[]): Tag => {
  const data = Buffer.alloc(values.length * width);
  for (const [index, value] of values.entries()) data.writeUIntBE(value, index * width, width);
  return { tag, type: width === 2 ? 3 : 4, count: values.length, data };
};

/** A header as rpm databases store it. */
export const rpmHeader = (sample: SampleRpm): Buffer => {
  const files = sample.files ?? [];
  const split = files.map(({ path }) => path.lastIndexOf('/') + 1);
  const folders = [...new Set(files.map(({ path }, index) => path.slice(0, split[index])))];
  const tags: readonly Tag[] = [
    ...text(1000, sample.name),
    ...text(1001, sample.version),
    ...text(1002, sample.release),
    ...(sample.epoch === undefined ? [] : [numbers(1003, 4, [sample.epoch])]),
    ...text(1005, sample.description),
    ...text(1014, sample.licence),
    ...text(1022, sample.architecture ?? 'x86_64'),
    ...(files.length === 0
      ? []
      : [
          numbers(
            1030,
            2,
            files.map(({ mode }) => mode),
          ),
          numbers(
            1116,
            4,
            files.map(({ path }, index) => folders.indexOf(path.slice(0, split[index]))),
          ),
          texts(
            1117,
            files.map(({ path }, index) => path.slice(split[index])),
          ),
          texts(1118, folders),
        ]),
    ...text(1044, sample.sourceRpm),
    ...text(5096, sample.module),
  ];
  return packTags(tags);
};

const packTags = (tags: readonly Tag[]): Buffer => {
  const index: Buffer[] = [];
  const data: Buffer[] = [];
  let offset = 0;
  for (const tag of tags) {
    const padding = tag.type === 4 ? (4 - (offset % 4)) % 4 : tag.type === 3 ? offset % 2 : 0;
    data.push(Buffer.alloc(padding), tag.data);
    const entry = Buffer.alloc(16);
    for (const [at, value] of [tag.tag, tag.type, offset + padding, tag.count].entries())
      entry.writeUInt32BE(value, at * 4);
    index.push(entry);
    offset += padding + tag.data.length;
  }
  const intro = Buffer.alloc(8);
  intro.writeUInt32BE(tags.length, 0);
  intro.writeUInt32BE(offset, 4);
  return Buffer.concat([intro, ...index, ...data]);
};

/** A `Packages.db` of these headers: one page of slots, then the blobs. */
export const ndbDatabase = (headers: readonly Buffer[]): Buffer => {
  const page = Buffer.alloc(4096);
  page.write('RpmP', 0, 'latin1');
  page.writeUInt32LE(1, 8);
  page.writeUInt32LE(1, 12);
  page.writeUInt32LE(headers.length + 1, 16);
  const blobs: Buffer[] = [];
  let block = page.length / 16;
  for (let slot = 0; slot < (page.length - 32) / 16; slot += 1) {
    const at = 32 + slot * 16;
    page.write('Slot', at, 'latin1');
    const header = headers[slot];
    if (header === undefined) continue;
    const blob = ndbBlob(header, slot + 1);
    page.writeUInt32LE(slot + 1, at + 4);
    page.writeUInt32LE(block, at + 8);
    page.writeUInt32LE(blob.length / 16, at + 12);
    blobs.push(blob);
    block += blob.length / 16;
  }
  return Buffer.concat([page, ...blobs]);
};

const ndbBlob = (header: Buffer, packageIndex: number): Buffer => {
  const blob = Buffer.alloc(Math.ceil((16 + header.length + 12) / 16) * 16);
  blob.write('BlbS', 0, 'latin1');
  blob.writeUInt32LE(packageIndex, 4);
  blob.writeUInt32LE(1, 8);
  blob.writeUInt32LE(header.length, 12);
  header.copy(blob, 16);
  blob.writeUInt32LE(adler32Of(blob.subarray(0, blob.length - 12)), blob.length - 12);
  blob.writeUInt32LE(header.length, blob.length - 8);
  blob.write('BlbE', blob.length - 4, 'latin1');
  return blob;
};

export type BerkeleyOptions = { readonly pageBytes?: number; readonly isBigEndian?: boolean };

/** A Berkeley DB hash file of these headers: small ones on a page of pairs, large ones in chains of overflow pages. */
export const berkeleyDatabase = (headers: readonly Buffer[], options: BerkeleyOptions = {}): Buffer => {
  const { pageBytes = 4096, isBigEndian = false } = options;
  const u32 = (target: Buffer, value: number, at: number): void => {
    if (isBigEndian) target.writeUInt32BE(value, at);
    else target.writeUInt32LE(value, at);
  };
  const u16 = (target: Buffer, value: number, at: number): void => {
    if (isBigEndian) target.writeUInt16BE(value, at);
    else target.writeUInt16LE(value, at);
  };
  const pages: Buffer[] = [Buffer.alloc(pageBytes)];
  const addPage = (type: number): Buffer => {
    const page = Buffer.alloc(pageBytes);
    u32(page, pages.length, 8);
    page[25] = type;
    pages.push(page);
    return page;
  };
  const overflow = (header: Buffer): number => {
    const first = pages.length;
    for (let at = 0; at < header.length; at += pageBytes - 26) {
      const part = header.subarray(at, at + pageBytes - 26);
      const page = addPage(7);
      part.copy(page, 26);
      u16(page, part.length, 22);
      if (at + part.length < header.length) u32(page, pages.length, 16);
    }
    return first;
  };
  // Buckets first, one header each, so that bucket n lies on page n + 1 and real readers find it.
  const buckets = headers.map(() => addPage(13));
  for (const [index, header] of headers.entries()) {
    const page = buckets[index] ?? Buffer.alloc(0);
    const value = header.length < pageBytes / 4 ? Buffer.concat([Buffer.from([1]), header]) : Buffer.alloc(12);
    if (value.length === 12) {
      value[0] = 3;
      u32(value, overflow(header), 4);
      u32(value, header.length, 8);
    }
    const key = Buffer.alloc(5, 1);
    u32(key, index + 1, 1);
    const keyAt = pageBytes - key.length;
    key.copy(page, keyAt);
    value.copy(page, keyAt - value.length);
    u16(page, 2, 20);
    u16(page, keyAt - value.length, 22);
    u16(page, keyAt, 26);
    u16(page, keyAt - value.length, 28);
  }
  const meta = pages[0] ?? Buffer.alloc(0);
  u32(meta, 0x00061561, 12);
  u32(meta, 9, 16);
  u32(meta, pageBytes, 20);
  meta[25] = 8;
  u32(meta, pages.length - 1, 32);
  u32(meta, headers.length - 1, 72);
  for (let at = 96; at < 96 + 32 * 4; at += 4) u32(meta, 1, at);
  return Buffer.concat(pages);
};
