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
    for (let length = 0; length < answer.length; length += 1) parseDnsMessage(answer.subarray(0, length));
    for (let at = 0; at < answer.length; at += 1)
      for (const change of [0xff, 0xc0, 0x3f]) {
        const broken = Uint8Array.from(answer);
        broken[at] = (broken[at] ?? 0) ^ change;
        parseDnsMessage(broken);
      }
    expect(parseDnsMessage(answer.subarray(0, answer.length - 1))?.addresses).toEqual(['192.0.2.1']);
  });
});
