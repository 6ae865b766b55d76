import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDnsMessage } from './dns-message.ts';

const u16 = (value: number): number[] => [value >> 8, value & 0xff];
const label = (text: string): number[] => [text.length, ...Buffer.from(text, 'latin1')];
const question = [...label('Example'), ...label('com'), 0, ...u16(1), ...u16(1)];
const header = (flags: number, answers = 0): number[] => [
  ...u16(7),
  ...u16(flags),
  ...u16(1),
  ...u16(answers),
  0,
  0,
  0,
  0,
];
/** Owner by a pointer to the question. */
const record = (type: number, data: readonly number[]): number[] => [
  ...[0xc0, 12, ...u16(type), ...u16(1), 0, 0, 0, 60],
  ...u16(data.length),
  ...data,
];
const answer = Uint8Array.from([
  ...header(0x8180, 3),
  ...question,
  ...record(5, [...label('other'), 0xc0, 20]),
  ...record(1, [192, 0, 2, 1]),
  ...record(28, [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
]);

describe('a DNS message', () => {
  it('asks for a name', () => {
    expect(parseDnsMessage(Uint8Array.from([...header(0x0100), ...question]))).toEqual({
      id: 7,
      isResponse: false,
      responseCode: 'NOERROR',
      question: { name: 'Example.com', type: 'A' },
      addresses: [],
    });
  });

  it('answers with addresses, or with why there are none', () => {
    expect(parseDnsMessage(answer)).toMatchObject({ isResponse: true, addresses: ['192.0.2.1', '2001:db8::1'] });
    expect(parseDnsMessage(Uint8Array.from([...header(0x8183), ...question]))).toMatchObject({
      responseCode: 'NXDOMAIN',
    });
  });

  it('shows bytes that are no text as numbers, so that no name can look like another', () => {
    const odd = [...header(0), ...label('a.b\\\n\x1b'), 0, ...u16(16), ...u16(1)];
    expect(parseDnsMessage(Uint8Array.from(odd))?.question).toEqual({ name: 'a\\046b\\092\\010\\027', type: 'TXT' });
  });

  it('is none with a name that leads to itself, or with anything that is not one question', () => {
    expect(parseDnsMessage(Uint8Array.from([...header(0), 0xc0, 12, ...u16(1), ...u16(1)]))).toBeUndefined();
    expect(
      parseDnsMessage(Uint8Array.from([...u16(7), ...u16(0), ...u16(2), 0, 0, 0, 0, 0, 0, ...question])),
    ).toBeUndefined();
    expect(parseDnsMessage(Buffer.from('GET / HTTP/1.1'))).toBeUndefined();
  });

  it('is read as far as it goes, whatever its bytes', () => {
    const bytes = fc.oneof(
      fc.uint8Array({ maxLength: 1024 }),
      // Begins as a message does, so that names and records are reached.
      fc.uint8Array({ maxLength: 512 }).map((rest) => Uint8Array.from([...header(0x8180, 200), ...rest])),
      fc.tuple(fc.nat(answer.length - 1), fc.nat(255), fc.nat(answer.length)).map(([at, value, length]) => {
        const broken = Uint8Array.from(answer);
        broken[at] = value;
        return broken.subarray(0, length);
      }),
    );
    fc.assert(
      fc.property(bytes, (message) => {
        const read = parseDnsMessage(message);
        // Of 255 bytes each is shown by four characters at most.
        expect(read?.question.name ?? '').toMatch(/^[\x21-\x7e]{0,1024}$/);
        expect(read?.addresses.length ?? 0).toBeLessThanOrEqual(64);
      }),
    );
    expect(parseDnsMessage(answer.subarray(0, answer.length - 1))?.addresses).toEqual(['192.0.2.1']);
  });
});
