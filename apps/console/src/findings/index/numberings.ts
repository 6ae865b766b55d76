/** Ids of the database as small numbers without gaps, so that an array can be asked for each row. */
export type Numbering = {
  readonly numberOf: (id: number) => number;
  readonly find: (id: number) => number | undefined;
  readonly idOf: (number: number) => number;
  readonly size: () => number;
};

const createNumbering = (): Numbering => {
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

/** What a flaw is made of. */
export type FlawPart = 'vulnerabilities' | 'products' | 'fixes';
export const flawParts: readonly FlawPart[] = ['vulnerabilities', 'products', 'fixes'];

/**
 * A flaw is a vulnerability in a package with what fixes it: what the findings of many assets have in common. A million findings
 * have some ten thousands of flaws, so what is asked of the three is worked out for each flaw, and a row is asked for its flaw alone.
 */
export type Flaws = {
  /** By the database's ids of its parts. */
  readonly numberOf: (vulnerabilityId: number, productId: number, fixId: number) => number;
  readonly size: () => number;
  /** The number of a part by flaw; longer than there are flaws. */
  readonly parts: () => Readonly<Record<FlawPart, Uint32Array>>;
};

/** Bytes of a flaw at most, right after its columns grew. */
export const flawBytes = 40;

export type Numberings = Readonly<Record<FlawPart, Numbering>> & { readonly flaws: Flaws };

export const createNumberings = (): Numberings => {
  const numbered = { vulnerabilities: createNumbering(), products: createNumbering(), fixes: createNumbering() };
  return { ...numbered, flaws: createFlaws(numbered) };
};

/** A hash table of their numbers: a million rows are looked up at a start, for which maps of texts or of maps are too slow. */
const createFlaws = ({ vulnerabilities, products, fixes }: Readonly<Record<FlawPart, Numbering>>): Flaws => {
  let parts = { vulnerabilities: new Uint32Array(1024), products: new Uint32Array(1024), fixes: new Uint32Array(1024) };
  /** A flaw's number and 1; 0 where none is. Half of them at most are taken. */
  let slots = new Uint32Array(2048);
  let size = 0;

  const isFlaw = (number: number, vulnerabilityId: number, productId: number, fixId: number): boolean =>
    vulnerabilities.idOf(parts.vulnerabilities[number] ?? 0) === vulnerabilityId &&
    products.idOf(parts.products[number] ?? 0) === productId &&
    fixes.idOf(parts.fixes[number] ?? 0) === fixId;
  /** The slot of a flaw, or the empty one where it belongs. */
  const slotOf = (vulnerabilityId: number, productId: number, fixId: number): number => {
    for (let at = hashOf(vulnerabilityId, productId, fixId); ; at += 1) {
      const slot = at & (slots.length - 1);
      const taken = slots[slot] ?? 0;
      if (taken === 0 || isFlaw(taken - 1, vulnerabilityId, productId, fixId)) return slot;
    }
  };
  const grow = (): void => {
    parts = {
      vulnerabilities: doubled(parts.vulnerabilities),
      products: doubled(parts.products),
      fixes: doubled(parts.fixes),
    };
    slots = new Uint32Array(slots.length * 2);
    for (let number = 0; number < size; number += 1) {
      const at = slotOf(
        vulnerabilities.idOf(parts.vulnerabilities[number] ?? 0),
        products.idOf(parts.products[number] ?? 0),
        fixes.idOf(parts.fixes[number] ?? 0),
      );
      slots[at] = number + 1;
    }
  };

  return {
    numberOf: (vulnerabilityId, productId, fixId) => {
      const known = slots[slotOf(vulnerabilityId, productId, fixId)] ?? 0;
      if (known !== 0) return known - 1;
      if (size === parts.fixes.length) grow();
      parts.vulnerabilities[size] = vulnerabilities.numberOf(vulnerabilityId);
      parts.products[size] = products.numberOf(productId);
      parts.fixes[size] = fixes.numberOf(fixId);
      slots[slotOf(vulnerabilityId, productId, fixId)] = size + 1;
      size += 1;
      return size - 1;
    },
    size: () => size,
    parts: () => parts,
  };
};

const doubled = (column: Uint32Array<ArrayBuffer>): Uint32Array<ArrayBuffer> => {
  const larger = new Uint32Array(column.length * 2);
  larger.set(column);
  return larger;
};

/** Ids are counted up from 1, so neighbours must not fall together. */
const hashOf = (vulnerabilityId: number, productId: number, fixId: number): number => {
  let hash = Math.imul(vulnerabilityId, 0x9e3779b1) ^ Math.imul(productId, 0x85ebca6b) ^ Math.imul(fixId, 0xc2b2ae35);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
};
