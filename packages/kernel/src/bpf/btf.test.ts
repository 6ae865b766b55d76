import { describe, expect, it } from 'vitest';
import { parseBtf } from './btf.ts';
import { createBtfFile } from './testing/btf-file.ts';

/** `struct inner { int a; int b; }; struct outer { int first; union { struct inner named; int other; }; const inner_t last; unsigned flag : 1; }` */
const sample = (): Buffer => {
  const file = createBtfFile();
  const int = file.add({ kind: 'int', name: 'int' });
  const inner = file.add({
    kind: 'struct',
    name: 'inner',
    sizeBytes: 8,
    members: [
      { name: 'a', type: int, bitOffset: 0 },
      { name: 'b', type: int, bitOffset: 32 },
    ],
  });
  const nameless = file.add({
    kind: 'union',
    sizeBytes: 8,
    members: [
      { name: 'named', type: inner, bitOffset: 0 },
      { name: 'other', type: int, bitOffset: 0 },
    ],
  });
  const typedef = file.add({ kind: 'typedef', name: 'inner_t', type: inner });
  const constant = file.add({ kind: 'const', type: typedef });
  file.add({
    kind: 'struct',
    name: 'outer',
    sizeBytes: 24,
    members: [
      { name: 'first', type: int, bitOffset: 0, bitSize: 0 },
      { type: nameless, bitOffset: 32 },
      { name: 'last', type: constant, bitOffset: 96 },
      { name: 'flag', type: int, bitOffset: 161, bitSize: 1 },
    ],
  });
  file.add({ kind: 'pointer', type: inner });
  file.add({
    kind: 'enum',
    name: 'colour',
    members: [
      { name: 'red', value: 3 },
      { name: 'dark', value: -1 },
    ],
  });
  return file.bytes();
};

const parsed = () => {
  const btf = parseBtf(sample());
  if (!btf.ok) throw new Error(btf.error.message);
  return btf.value;
};

describe('parseBtf', () => {
  it('finds members in place, in nameless parts and through names for types', () => {
    const btf = parsed();
    expect(btf.offsetOf(['outer', 'first'])).toBe(0);
    expect(btf.offsetOf(['outer', 'other'])).toBe(4);
    expect(btf.offsetOf(['outer', 'named', 'b'])).toBe(8);
    expect(btf.offsetOf(['outer', 'last', 'b'])).toBe(16);
    expect(btf.sizeOf('outer')).toBe(24);
    expect(btf.enumValue('colour', 'red')).toBe(3);
    expect(btf.enumValue('colour', 'dark')).toBe(-1);
  });

  it('says nothing about what is not there, about bit fields and about members of what is no structure', () => {
    const btf = parsed();
    expect(btf.offsetOf(['outer', 'missing'])).toBeUndefined();
    expect(btf.offsetOf(['missing', 'first'])).toBeUndefined();
    expect(btf.offsetOf(['outer', 'flag'])).toBeUndefined();
    expect(btf.offsetOf(['outer', 'first', 'deeper'])).toBeUndefined();
    expect(btf.enumValue('colour', 'blue')).toBeUndefined();
    expect(btf.sizeOf('missing')).toBeUndefined();
  });

  it('takes a file cut anywhere as a problem or as fewer types, never as a crash', () => {
    const whole = sample();
    for (let length = 0; length < whole.length; length += 1) {
      const btf = parseBtf(whole.subarray(0, length));
      if (btf.ok) btf.value.offsetOf(['outer', 'named', 'b']);
    }
    expect(parseBtf(Buffer.alloc(24)).ok).toBe(false);
  });

  it('ends on types that stand for each other without end', () => {
    const file = createBtfFile();
    file.add({ kind: 'typedef', name: 'loop', type: 1 });
    file.add({
      kind: 'struct',
      name: 'self',
      sizeBytes: 0,
      members: [
        { type: 2, bitOffset: 0 },
        { name: 'x', type: 1, bitOffset: 0 },
      ],
    });
    const btf = parseBtf(file.bytes());
    expect(btf.ok && btf.value.offsetOf(['self', 'y'])).toBeUndefined();
    expect(btf.ok && btf.value.offsetOf(['self', 'x', 'y'])).toBeUndefined();
  });
});
