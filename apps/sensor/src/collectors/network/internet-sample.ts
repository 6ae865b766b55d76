/**
 * Which addresses of the Internet an edge led to: the busiest few by name, all by number. Memory is fixed however many
 * there are: counting is exact for a few and by linear counting (Whang et al. 1990) beyond.
 */
export type InternetSample = {
  readonly add: (address: string) => void;
  /** The busiest first. */
  readonly addresses: () => readonly string[];
  readonly count: () => number;
};

export const createInternetSample = (): InternetSample => {
  const uses = new Map<string, number>();
  let bitmap: Uint8Array | undefined;
  let unset = bitmapBits;

  const mark = (address: string): void => {
    bitmap ??= new Uint8Array(bitmapBits / 8);
    const bit = hashOf(address) % bitmapBits;
    const byte = bitmap[bit >> 3] ?? 0;
    if ((byte & (1 << (bit & 7))) !== 0) return;
    bitmap[bit >> 3] = byte | (1 << (bit & 7));
    unset -= 1;
  };

  return {
    add: (address) => {
      const before = uses.get(address);
      if (before === undefined && uses.size >= maxNamed) {
        if (bitmap === undefined) for (const named of uses.keys()) mark(named);
        // The newcomer takes the place, and the count, of the least used: a busy one will stay, a passing one will not.
        const [leastUsed, least] = leastOf(uses);
        uses.delete(leastUsed);
        uses.set(address, least + 1);
      } else uses.set(address, (before ?? 0) + 1);
      if (bitmap !== undefined) mark(address);
    },
    addresses: () =>
      [...uses]
        .sort((one, other) => other[1] - one[1])
        .slice(0, maxShown)
        .map(([address]) => address),
    count: () =>
      bitmap === undefined
        ? uses.size
        : Math.max(uses.size, Math.round(-bitmapBits * Math.log(Math.max(1, unset) / bitmapBits))),
  };
};

/** As many as the record takes. */
const maxShown = 16;
const maxNamed = 64;
/** 1 KiB: within some 2 % up to 20,000 addresses; it ends at 74,000, which then reads "at least". */
const bitmapBits = 8192;

const leastOf = (uses: ReadonlyMap<string, number>): readonly [string, number] => {
  let least: readonly [string, number] = ['', Number.POSITIVE_INFINITY];
  for (const entry of uses) if (entry[1] < least[1]) least = entry;
  return least;
};

/** FNV-1a with a final mix; addresses are short and chosen by others, but a skewed count harms nobody. */
const hashOf = (text: string): number => {
  let hash = 0x811c_9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash ^= text.charCodeAt(index);
    hash = Math.imul(hash, 0x0100_0193);
  }
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b_3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
};
