import fc from 'fast-check';

/** A whole file with some bytes changed, a piece cut out or put in twice, or its end missing. */
export const damaged = (whole: Buffer): fc.Arbitrary<Buffer> => {
  const at = fc.nat({ max: Math.max(0, whole.length - 1) });
  const flips = fc
    .array(fc.tuple(at, fc.integer({ min: 1, max: 255 })), { minLength: 1, maxLength: 8 })
    .map((changes) => {
      const bytes = Buffer.from(whole);
      for (const [index, mask] of changes) bytes[index] = (bytes[index] ?? 0) ^ mask;
      return bytes;
    });
  const piece = fc.tuple(at, fc.nat({ max: 300 }));
  return fc.oneof(
    flips,
    at.map((end) => whole.subarray(0, end)),
    piece.map(([from, length]) => Buffer.concat([whole.subarray(0, from), whole.subarray(from + length)])),
    piece.map(([from, length]) => Buffer.concat([whole.subarray(0, from + length), whole.subarray(from)])),
  );
};

/** Values of JSON that are not what a reader waits for. */
const oddities: readonly unknown[] = [
  ...[null, true, 0, -1, 1e308, '', '\0', '\ud800', 'x'.repeat(5000), [], {}, [null], ['__proto__']],
  { toString: 1 },
  JSON.parse('{"__proto__":{"polluted":1},"constructor":1,"length":-1}'),
];

/** A document of JSON of which one value, wherever it stands, is another one or is gone. */
export const odd = (document: unknown): fc.Arbitrary<unknown> => {
  const count = countValues(document);
  return fc
    .tuple(fc.nat({ max: count - 1 }), fc.option(fc.constantFrom(...oddities), { nil: undefined }))
    .map(([index, value]) => replaced(document, { left: index }, value));
};

const countValues = (value: unknown): number =>
  typeof value === 'object' && value !== null
    ? Object.values(value).reduce((sum: number, part) => sum + countValues(part), 1)
    : 1;

const replaced = (value: unknown, counter: { left: number }, by: unknown): unknown => {
  if (counter.left === 0) {
    counter.left = -1;
    return by;
  }
  counter.left -= 1;
  if (Array.isArray(value)) return value.map((part) => replaced(part, counter, by));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, replaced(part, counter, by)]));
};
