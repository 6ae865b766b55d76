import { describe, expect, it } from 'vitest';
import { keepWhenWordIs } from './filter.ts';

/** Runs a program as the kernel does, for the three instructions that we use. Returns the bytes kept. */
const run = (program: Uint8Array, packet: Uint8Array): number => {
  const code = new DataView(program.buffer);
  const data = new DataView(packet.buffer);
  let accumulator = 0;
  for (let at = 0; ; at += 8) {
    const value = code.getUint32(at + 4, true);
    switch (code.getUint16(at, true)) {
      case 0x20:
        accumulator = data.getUint32(value, false);
        break;
      case 0x15:
        at += 8 * code.getUint8(accumulator === value ? at + 2 : at + 3);
        break;
      case 0x06:
        return value;
      default:
        throw new Error('unknown instruction');
    }
  }
};

const packetWith = (value: number): Uint8Array => {
  const packet = new Uint8Array(64);
  new DataView(packet.buffer).setUint32(36, value, true);
  return packet;
};

describe('keepWhenWordIs', () => {
  const program = keepWhenWordIs(36, [0, 2, 0x8000_0000]);

  it.each([0, 2, 0x8000_0000])('keeps %i whole', (value) => {
    expect(run(program, packetWith(value))).toBe(0xffff_ffff);
  });

  it.each([1, 3, 0x0200_0000, 0x80])('drops %i', (value) => {
    expect(run(program, packetWith(value))).toBe(0);
  });

  it('drops all when nothing is wanted', () => {
    expect(run(keepWhenWordIs(36, []), packetWith(0))).toBe(0);
  });

  it('refuses more values than a jump can leap over', () => {
    expect(() =>
      keepWhenWordIs(
        0,
        Array.from({ length: 201 }, (_, index) => index),
      ),
    ).toThrow('at most 200');
  });
});
