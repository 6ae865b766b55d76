import { describe, expect, it } from 'vitest';
import {
  concatBytes,
  decodeErrorNumber,
  decodeMessages,
  eachAttribute,
  encodeAttribute,
  encodeMessage,
  encodeNested,
} from './message.ts';

const attributesOf = (bytes: Uint8Array): readonly (readonly [number, readonly number[]])[] => {
  const found: (readonly [number, readonly number[]])[] = [];
  eachAttribute(bytes, 0, bytes.length, (type, start, end) => found.push([type, [...bytes.subarray(start, end)]]));
  return found;
};

describe('messages', () => {
  const header = { type: 20, flags: 0x301, sequence: 7 };

  it('come back as they were written', () => {
    const [message] = decodeMessages(encodeMessage(header, Uint8Array.of(1, 2, 3)));
    expect(message).toMatchObject({ ...header, port: 0 });
    expect([...(message?.payload ?? [])]).toEqual([1, 2, 3]);
  });

  it('follow each other on four-byte boundaries', () => {
    const datagram = concatBytes(
      encodeMessage(header, Uint8Array.of(1)),
      encodeMessage({ ...header, type: 3 }, Uint8Array.of()),
    );
    expect([...decodeMessages(datagram)].map((message) => message.type)).toEqual([20, 3]);
  });

  it.each([
    ['no bytes', Uint8Array.of()],
    ['half a header', new Uint8Array(15)],
    ['a length of zero', new Uint8Array(64)],
    ['a length beyond the datagram', encodeMessage(header, new Uint8Array(100)).subarray(0, 40)],
    ['a length of four thousand millions', new Uint8Array(64).fill(0xff)],
  ])('end at %s', (_, datagram) => {
    expect([...decodeMessages(datagram)]).toEqual([]);
  });

  it('give error numbers as positive numbers', () => {
    expect(decodeErrorNumber(Uint8Array.of(0xff, 0xff, 0xff, 0xff))).toBe(1);
    expect(decodeErrorNumber(Uint8Array.of(0, 0, 0, 0))).toBe(0);
    expect(decodeErrorNumber(Uint8Array.of())).toBe(0);
  });
});

describe('attributes', () => {
  it('come back as they were written, nested ones with their flag removed', () => {
    const inner = encodeAttribute(2, Uint8Array.of(9, 8));
    const bytes = concatBytes(encodeAttribute(1, Uint8Array.of(5)), encodeNested(3, inner));
    const found = attributesOf(bytes);
    expect(found.map(([type]) => type)).toEqual([1, 3]);
    expect(attributesOf(Uint8Array.from(found[1]?.[1] ?? []))).toEqual([[2, [9, 8]]]);
  });

  it.each([
    ['a length below its own header', Uint8Array.of(3, 0, 1, 0, 0, 0, 0, 0)],
    ['a length beyond the end', Uint8Array.of(200, 0, 1, 0, 0, 0, 0, 0)],
    ['a length of zero, which would never end', new Uint8Array(32)],
    ['three bytes', Uint8Array.of(4, 0, 1)],
  ])('end at %s', (_, bytes) => {
    expect(attributesOf(bytes)).toEqual([]);
  });
});
