/** What a bucket holds: values, and buckets. */
export type SampleBucket = { readonly [key: string]: string | Buffer | SampleBucket };

const pageBytes = 4096;

/** A bolt database, one page or more for each bucket but the smallest, with a branch where `entriesPerLeaf` are exceeded. */
export const boltDatabase = (root: SampleBucket, entriesPerLeaf = 8): Buffer => {
  const pages: Buffer[] = [];
  const place = (page: Buffer): bigint => {
    const number = BigInt(pages.length + 2);
    const count = Math.ceil(page.length / pageBytes);
    const padded = Buffer.alloc(count * pageBytes);
    page.copy(padded);
    padded.writeBigUInt64LE(number, 0);
    padded.writeUInt32LE(count - 1, 12);
    for (let index = 0; index < count; index += 1)
      pages.push(padded.subarray(index * pageBytes, (index + 1) * pageBytes));
    return number;
  };
  const placeBucket = (bucket: SampleBucket): bigint => {
    const entries = entriesOf(bucket, placeBucket);
    if (entries.length <= entriesPerLeaf) return place(leafOf(entries));
    const children: { readonly key: Buffer; readonly page: bigint }[] = [];
    for (let start = 0; start < entries.length; start += entriesPerLeaf) {
      const part = entries.slice(start, start + entriesPerLeaf);
      children.push({ key: part[0]?.key ?? Buffer.alloc(0), page: place(leafOf(part)) });
    }
    return place(branchOf(children));
  };
  const rootPage = placeBucket(root);
  return Buffer.concat([metaOf(0n, 6n, 999n), metaOf(1n, 7n, rootPage), ...pages]);
};

type Entry = { readonly key: Buffer; readonly value: Buffer; readonly isBucket: boolean };

const entriesOf = (bucket: SampleBucket, placeBucket: (bucket: SampleBucket) => bigint): Entry[] =>
  Object.entries(bucket)
    .map(([name, value]): Entry => {
      const key = Buffer.from(name);
      if (typeof value === 'string' || Buffer.isBuffer(value))
        return { key, value: Buffer.from(value), isBucket: false };
      const header = Buffer.alloc(16);
      // Small ones that hold no buckets lie in their parent's page, as bolt has it.
      const isInline =
        Object.keys(value).length <= 8 &&
        Object.values(value).every((one) => typeof one === 'string' || Buffer.isBuffer(one));
      if (isInline)
        return { key, value: Buffer.concat([header, leafOf(entriesOf(value, placeBucket))]), isBucket: true };
      header.writeBigUInt64LE(placeBucket(value), 0);
      return { key, value: header, isBucket: true };
    })
    .sort((a, b) => Buffer.compare(a.key, b.key));

const headerOf = (flags: number, count: number): Buffer => {
  const header = Buffer.alloc(16);
  header.writeUInt16LE(flags, 8);
  header.writeUInt16LE(count, 10);
  return header;
};

const leafOf = (entries: readonly Entry[]): Buffer => {
  let at = entries.length * 16;
  const elements = entries.map(({ key, value, isBucket }, index) => {
    const element = Buffer.alloc(16);
    element.writeUInt32LE(isBucket ? 1 : 0, 0);
    element.writeUInt32LE(at - index * 16, 4);
    element.writeUInt32LE(key.length, 8);
    element.writeUInt32LE(value.length, 12);
    at += key.length + value.length;
    return element;
  });
  return Buffer.concat([
    headerOf(2, entries.length),
    ...elements,
    ...entries.flatMap(({ key, value }) => [key, value]),
  ]);
};

const branchOf = (children: readonly { readonly key: Buffer; readonly page: bigint }[]): Buffer => {
  let at = children.length * 16;
  const elements = children.map(({ key, page }, index) => {
    const element = Buffer.alloc(16);
    element.writeUInt32LE(at - index * 16, 0);
    element.writeUInt32LE(key.length, 4);
    element.writeBigUInt64LE(page, 8);
    at += key.length;
    return element;
  });
  return Buffer.concat([headerOf(1, children.length), ...elements, ...children.map(({ key }) => key)]);
};

const metaOf = (number: bigint, transaction: bigint, rootPage: bigint): Buffer => {
  const page = Buffer.alloc(pageBytes);
  page.writeBigUInt64LE(number, 0);
  page.writeUInt16LE(4, 8);
  const meta = page.subarray(16);
  meta.writeUInt32LE(0xed0cdaed, 0);
  meta.writeUInt32LE(2, 4);
  meta.writeUInt32LE(pageBytes, 8);
  meta.writeBigUInt64LE(rootPage, 16);
  meta.writeBigUInt64LE(transaction, 48);
  let hash = 0xcbf29ce484222325n;
  for (const byte of meta.subarray(0, 56)) hash = BigInt.asUintN(64, (hash ^ BigInt(byte)) * 0x100000001b3n);
  meta.writeBigUInt64LE(hash, 56);
  return page;
};
