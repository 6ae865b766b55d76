import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createArgumentPieces } from './argument-pieces.ts';
import { writeArguments } from './testing/written-records.ts';

const read = (records: readonly string[], limits?: { readonly bytes: number; readonly count: number }) => {
  const pieces = createArgumentPieces(limits);
  for (const record of records) pieces.add(record, 0);
  return pieces.finish();
};

describe('createArgumentPieces', () => {
  it('reads quoted and hex arguments', () => {
    expect(read(['argc=4 a0="sh" a1="-c" a2=6563686F20220A a3=""'])).toEqual({
      ...{ arguments: ['sh', '-c', 'echo "\n', ''], isCut: false, isWhole: true },
    });
  });

  it('joins an argument that came in pieces over two records', () => {
    expect(read(['argc=3 a0="x" a1_len=6 a1[0]="abc"', 'a1[1]="def" a2="y"'])).toEqual({
      ...{ arguments: ['x', 'abcdef', 'y'], isCut: false, isWhole: true },
    });
  });

  it.each([
    ['the record between', ['argc=3 a0="x"', 'a2="z"'], ['x']],
    ['the last record', ['argc=3 a0="x" a1="y"'], ['x', 'y']],
    ['the first record', ['a1="y" a2="z"'], []],
    ['a piece between', ['argc=2 a0="x" a1_len=9 a1[0]="abc"', 'a1[2]="ghi"'], ['x', 'abc']],
    ['the last piece', ['argc=3 a0="x" a1_len=9 a1[0]="abc"', 'a2="z"'], ['x', 'abc', 'z']],
    ['all of them', [], []],
  ])('says that %s was lost', (_, records, expected) => {
    expect(read(records)).toEqual({ arguments: expected, isCut: false, isWhole: false });
  });

  it('keeps what there is room for and reads nothing behind it', () => {
    expect(read(['argc=9 a0="abcdef" a1="ghijkl"', 'a2=broken'], { bytes: 10, count: 9 })).toEqual({
      ...{ arguments: ['abcdef', 'ghi'], isCut: true, isWhole: true },
    });
    expect(read(['argc=3 a0="a" a1="b" a2="c"'], { bytes: 10, count: 2 })).toEqual({
      ...{ arguments: ['a', 'b'], isCut: true, isWhole: true },
    });
  });

  it('holds no more than its limits of a list of a megabyte', () => {
    const { arguments: found, isCut } = read(writeArguments(['x'.repeat(1024 * 1024), ...Array(5000).fill('y')]));
    expect(isCut).toBe(true);
    expect(found.join('\0').length).toBeLessThanOrEqual(4096);
    const many = read(writeArguments(Array(5000).fill('yy')));
    expect(many.arguments).toHaveLength(256);
  });

  it('reads any arguments as the kernel writes them', () => {
    const text = fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.string({ unit: 'grapheme', maxLength: 20 }),
      fc.constant('x'.repeat(300)),
    );
    fc.assert(
      fc.property(
        fc.array(text, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 40, max: 400 }),
        (args, recordBytes) => {
          const clean = args.map((arg) => arg.replaceAll('\0', ''));
          expect(read(writeArguments(clean, recordBytes))).toEqual({ arguments: clean, isCut: false, isWhole: true });
        },
      ),
    );
  });

  it('never shows an argument in another one’s place, whatever is lost', () => {
    const args = Array.from({ length: 30 }, (_, index) => `argument-${index}`);
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 200 }), fc.infiniteStream(fc.boolean()), (recordBytes, isLost) => {
        const written = writeArguments(args, recordBytes);
        const kept = written.filter(() => isLost.next().value !== true);
        const { arguments: found, isWhole } = read(kept);
        expect(isWhole).toBe(kept.length === written.length);
        expect(found.slice(0, -1)).toEqual(args.slice(0, Math.max(0, found.length - 1)));
        expect(args[found.length - 1] ?? '').toContain(found.at(-1) ?? '');
      }),
    );
  });
});
