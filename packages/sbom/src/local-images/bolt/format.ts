/*
 * The file of a bolt database (go.etcd.io/bbolt): pages of one size, the first two of which say in turn where the tree of the
 * last transaction begins. Numbers are little-endian, as on every machine that containers run on.
 */

export const pageHeaderBytes = 16;
const metaBytes = 64;
const elementBytes = 16;
const magic = 0xed0cdaed;
const knownVersion = 2;

export type Meta = {
  readonly pageBytes: number;
  readonly rootPage: bigint;
  readonly transaction: bigint;
};

/** The meta page that begins here; `undefined` when it is none, or was written in part. */
export const parseMeta = (page: Buffer): Meta | undefined => {
  if (page.length < pageHeaderBytes + metaBytes) return undefined;
  const meta = page.subarray(pageHeaderBytes);
  if (meta.readUInt32LE(0) !== magic || meta.readUInt32LE(4) !== knownVersion) return undefined;
  const pageBytes = meta.readUInt32LE(8);
  if (pageBytes < 1024 || pageBytes > 65_536 || (pageBytes & (pageBytes - 1)) !== 0) return undefined;
  if (fnv1a(meta.subarray(0, 56)) !== meta.readBigUInt64LE(56)) return undefined;
  return { pageBytes, rootPage: meta.readBigUInt64LE(16), transaction: meta.readBigUInt64LE(48) };
};

const fnv1a = (bytes: Buffer): bigint => {
  let hash = 0xcbf29ce484222325n;
  for (const byte of bytes) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  return hash;
};

/** How many pages follow that belong to this one. */
export const overflowOf = (header: Buffer): number => header.readUInt32LE(12);

export type Page =
  | { readonly kind: 'branch'; readonly children: readonly { readonly key: Buffer; readonly page: bigint }[] }
  | { readonly kind: 'leaf'; readonly entries: readonly LeafEntry[] };

export type LeafEntry = { readonly key: Buffer; readonly value: Buffer; readonly isBucket: boolean };

/** `undefined` for a page of another kind, or one whose elements lead out of it. */
export const parsePage = (page: Buffer): Page | undefined => {
  if (page.length < pageHeaderBytes) return undefined;
  const flags = page.readUInt16LE(8);
  const count = page.readUInt16LE(10);
  if (pageHeaderBytes + count * elementBytes > page.length) return undefined;
  const starts = Array.from({ length: count }, (_, index) => pageHeaderBytes + index * elementBytes);
  if (flags === 1) {
    const children = starts.flatMap((start) => {
      const at = start + page.readUInt32LE(start);
      const key = slice(page, at, page.readUInt32LE(start + 4));
      return key === undefined ? [] : [{ key, page: page.readBigUInt64LE(start + 8) }];
    });
    return children.length === count ? { kind: 'branch', children } : undefined;
  }
  if (flags !== 2) return undefined;
  const entries = starts.flatMap((start): LeafEntry[] => {
    const at = start + page.readUInt32LE(start + 4);
    const keyBytes = page.readUInt32LE(start + 8);
    const key = slice(page, at, keyBytes);
    const value = slice(page, at + keyBytes, page.readUInt32LE(start + 12));
    if (key === undefined || value === undefined) return [];
    return [{ key, value, isBucket: (page.readUInt32LE(start) & 1) !== 0 }];
  });
  return entries.length === count ? { kind: 'leaf', entries } : undefined;
};

const slice = (page: Buffer, at: number, length: number): Buffer | undefined =>
  at + length > page.length ? undefined : page.subarray(at, at + length);

/** Go's unsigned varint, by which containerd stores numbers. */
export const uvarintOf = (bytes: Buffer | undefined): bigint | undefined => {
  let value = 0n;
  for (const [index, byte] of (bytes ?? Buffer.alloc(0)).subarray(0, 10).entries()) {
    value |= BigInt(byte & 0x7f) << BigInt(7 * index);
    if (byte < 0x80) return value;
  }
  return undefined;
};
