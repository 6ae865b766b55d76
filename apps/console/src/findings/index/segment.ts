/** The findings of one asset as columns: what lists, facets and groups ask of a row without reading it. */
export type Segment = {
  readonly assetId: string;
  readonly length: number;
  /** 16 bytes each, in the order of the rows. */
  readonly ids: Uint8Array;
  /** Dense numbers, see `Numbering`. */
  readonly vulnerabilities: Uint32Array;
  readonly products: Uint32Array;
  readonly fixes: Uint32Array;
  /** The packed facets, see findings/cells.ts. */
  readonly cells: Uint16Array;
  readonly risks: Float32Array;
  /** -1 where the publisher gave none. */
  readonly cvss: Float32Array;
  /** Milliseconds. */
  readonly firstSeen: Float64Array;
  /** Milliseconds; 0 while it is not closed. */
  readonly closed: Float64Array;
  readonly bytes: number;
};

/** Ids of the database as small numbers without gaps, so that an array can be asked for each row. */
export type Numbering = {
  readonly numberOf: (id: number) => number;
  readonly find: (id: number) => number | undefined;
  readonly idOf: (number: number) => number;
  readonly size: () => number;
};

export const createNumbering = (): Numbering => {
  const numbers = new Map<number, number>();
  const ids: number[] = [];
  return {
    numberOf: (id) => {
      const known = numbers.get(id);
      if (known !== undefined) return known;
      numbers.set(id, ids.length);
      return ids.push(id) - 1;
    },
    find: (id) => numbers.get(id),
    idOf: (number) => ids[number] ?? 0,
    size: () => ids.length,
  };
};

export type Numberings = {
  readonly vulnerabilities: Numbering;
  readonly products: Numbering;
  readonly fixes: Numbering;
};

/** Bytes of a row as the database packs it. */
const packedBytes = 56;
/** Bytes of a row in memory: a million findings take 54 MB. */
export const keptBytes = 54;

/**
 * Makes a segment of rows that the database packed column by column, in network order: first seen, closed, vulnerability,
 * product, fix, risk, cvss, cell, id. Joining the columns of each row there would take it most of the time of a start.
 */
export const unpackSegment = (assetId: string, packed: Buffer, numberings: Numberings): Segment => {
  const segment = makeSegment(assetId, Math.floor(packed.length / packedBytes));
  const { length, firstSeen, closed, vulnerabilities, products, fixes, risks, cvss, cells } = segment;
  segment.ids.set(packed.subarray(40 * length));
  for (let row = 0; row < length; row += 1) {
    const at = (column: number): number => column * length + row * 4;
    firstSeen[row] = millisecondsOf(packed, row * 8);
    closed[row] = millisecondsOf(packed, 8 * length + row * 8);
    vulnerabilities[row] = numberings.vulnerabilities.numberOf(packed.readInt32BE(at(16)));
    products[row] = numberings.products.numberOf(packed.readInt32BE(at(20)));
    fixes[row] = numberings.fixes.numberOf(packed.readInt32BE(at(24)));
    risks[row] = packed.readFloatBE(at(28));
    cvss[row] = packed.readFloatBE(at(32));
    cells[row] = packed.readInt32BE(at(36));
  }
  return segment;
};

/** A segment without values yet. */
export const makeSegment = (assetId: string, length: number): Segment => {
  // One buffer for all columns, the widest first so that each is aligned.
  const memory = new ArrayBuffer(length * keptBytes);
  let offset = 0;
  const take = (bytes: number): number => {
    const at = offset;
    offset += bytes * length;
    return at;
  };
  return {
    assetId,
    length,
    firstSeen: new Float64Array(memory, take(8), length),
    closed: new Float64Array(memory, take(8), length),
    vulnerabilities: new Uint32Array(memory, take(4), length),
    products: new Uint32Array(memory, take(4), length),
    fixes: new Uint32Array(memory, take(4), length),
    risks: new Float32Array(memory, take(4), length),
    cvss: new Float32Array(memory, take(4), length),
    cells: new Uint16Array(memory, take(2), length),
    ids: new Uint8Array(memory, take(16), length * 16),
    bytes: memory.byteLength,
  };
};

/** 2000-01-01 UTC, from which PostgreSQL counts, in milliseconds from 1970 on. */
const postgresEpochMs = 946_684_800_000;

/** Microseconds of the database, exact as a number for centuries, as whole milliseconds. */
export const millisecondsOf = (packed: Buffer, at: number): number =>
  Math.floor((packed.readInt32BE(at) * 2 ** 32 + packed.readUInt32BE(at + 4)) / 1000) + postgresEpochMs;

/** The id of a row as text. */
export const idOfRow = (segment: Segment, row: number): string => {
  const hex = Buffer.from(segment.ids.buffer, segment.ids.byteOffset + row * 16, 16).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
};

/** Orders two rows by id as the database does: byte by byte. */
export const compareIds = (a: Segment, rowA: number, b: Segment, rowB: number): number => {
  for (let byte = 0; byte < 16; byte += 1) {
    const difference = (a.ids[rowA * 16 + byte] ?? 0) - (b.ids[rowB * 16 + byte] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
};
