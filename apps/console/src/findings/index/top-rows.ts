import { compareIds, idOfRow, type Segment } from './segment.ts';

export type RankedRow = { readonly segment: Segment; readonly row: number; readonly value: number };

/** The first rows by descending value, then by id: kept in a heap whose root is the last of them. */
export const createTopRows = (limit: number, after: { readonly value: number; readonly id: string } | undefined) => {
  const heap: RankedRow[] = [];
  const afterId = after === undefined ? undefined : Buffer.from(after.id.replaceAll('-', ''), 'hex');

  const isAfter = (segment: Segment, row: number, value: number): boolean => {
    if (after === undefined || afterId === undefined) return true;
    if (value !== after.value) return value < after.value;
    return compareWith(segment, row, afterId) > 0;
  };
  const sinkRoot = (): void => {
    for (let at = 0; ; ) {
      let last = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < heap.length && precedes(heap[last], heap[child])) last = child;
      }
      if (last === at) return;
      swap(heap, at, last);
      at = last;
    }
  };
  const liftLast = (): void => {
    for (let at = heap.length - 1; at > 0; ) {
      const parent = (at - 1) >> 1;
      if (!precedes(heap[parent], heap[at])) return;
      swap(heap, at, parent);
      at = parent;
    }
  };
  const consider = (segment: Segment, row: number, value: number): void => {
    const last = heap[0];
    if (heap.length < limit || last === undefined) {
      if (!isAfter(segment, row, value)) return;
      heap.push({ segment, row, value });
      liftLast();
      return;
    }
    const candidate = { segment, row, value };
    if (!precedes(candidate, last) || !isAfter(segment, row, value)) return;
    heap[0] = candidate;
    sinkRoot();
  };
  /** Rows below it are not among the first. */
  const leastValue = (): number => (heap.length < limit ? Number.NEGATIVE_INFINITY : (heap[0]?.value ?? 0));
  return {
    /** Looks at the first `count` of some rows of a segment, whose values are given by row. */
    offer: (segment: Segment, rows: Uint32Array, count: number, values: Float32Array | Float64Array): void => {
      let least = leastValue();
      for (let at = 0; at < count; at += 1) {
        const row = rows[at] ?? 0;
        const value = values[row] ?? 0;
        // Most rows end here.
        if (value < least) continue;
        consider(segment, row, value);
        least = leastValue();
      }
    },
    ids: (): string[] =>
      heap
        .toSorted((a, b) => b.value - a.value || compareIds(a.segment, a.row, b.segment, b.row))
        .map(({ segment, row }) => idOfRow(segment, row)),
  };
};

const precedes = (a: RankedRow | undefined, b: RankedRow | undefined): boolean => {
  if (a === undefined || b === undefined) return false;
  if (a.value !== b.value) return a.value > b.value;
  return compareIds(a.segment, a.row, b.segment, b.row) < 0;
};

const compareWith = (segment: Segment, row: number, id: Buffer): number =>
  Buffer.compare(Buffer.from(segment.ids.buffer, segment.ids.byteOffset + row * 16, 16), id);

const swap = (heap: RankedRow[], a: number, b: number): void => {
  const [one, other] = [heap[a], heap[b]];
  if (one === undefined || other === undefined) return;
  heap[a] = other;
  heap[b] = one;
};
