/**
 * Addresses as the kernel holds them, in text: IPv4 dotted, IPv6 as RFC 5952 wants it, an IPv4-mapped one as IPv4, so that
 * one address has one text.
 */
export const formatIpv4 = (bytes: Uint8Array, offset: number): string => {
  const [one, two, three, four] = [
    bytes[offset] ?? 0,
    bytes[offset + 1] ?? 0,
    bytes[offset + 2] ?? 0,
    bytes[offset + 3] ?? 0,
  ];
  const number = ((one << 24) | (two << 16) | (three << 8) | four) >>> 0;
  const known = texts.get(number);
  if (known !== undefined) return known;
  if (texts.size >= maxTexts) texts.clear();
  const text = `${one}.${two}.${three}.${four}`;
  texts.set(number, text);
  return text;
};

/** A busy host sees the same few addresses again and again; they share one text. */
const texts = new Map<number, string>();
const maxTexts = 4096;

/** Sixteen bytes in network order. */
export const formatIpv6 = (bytes: Uint8Array, offset: number): string => {
  const words: number[] = [];
  for (let index = 0; index < 8; index += 1)
    words.push(((bytes[offset + index * 2] ?? 0) << 8) | (bytes[offset + index * 2 + 1] ?? 0));
  if (words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff) return formatIpv4(bytes, offset + 12);
  const gap = longestZeroRun(words);
  const hex = (part: readonly number[]): string => part.map((word) => word.toString(16)).join(':');
  return gap === undefined
    ? hex(words)
    : `${hex(words.slice(0, gap.from))}::${hex(words.slice(gap.from + gap.length))}`;
};

/** The bytes of an address text, 4 or 16; `undefined` when it is none. Zones (`%eth0`) are not taken. */
export const parseIpAddress = (text: string): Uint8Array | undefined =>
  text.includes(':') ? parseIpv6(text) : parseIpv4(text);

const parseIpv4 = (text: string): Uint8Array | undefined => {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  const parts = match?.slice(1).map(Number);
  return parts === undefined || parts.some((part) => part > 255) ? undefined : Uint8Array.from(parts);
};

const parseIpv6 = (text: string): Uint8Array | undefined => {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const left = wordsOf(halves[0] ?? '');
  const right = wordsOf(halves[1] ?? '');
  if (left === undefined || right === undefined) return undefined;
  const missing = 8 - left.length - right.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const words = [...left, ...Array.from({ length: missing }, () => 0), ...right];
  return Uint8Array.from(words.flatMap((word) => [word >> 8, word & 0xff]));
};

const wordsOf = (text: string): readonly number[] | undefined => {
  if (text === '') return [];
  const parts = text.split(':');
  return parts.every((part) => /^[0-9a-fA-F]{1,4}$/.test(part))
    ? parts.map((part) => Number.parseInt(part, 16))
    : undefined;
};

const longestZeroRun = (words: readonly number[]): { readonly from: number; readonly length: number } | undefined => {
  let best: { readonly from: number; readonly length: number } | undefined;
  let from = 0;
  words.forEach((word, index) => {
    if (word !== 0) from = index + 1;
    else if (index - from + 1 > Math.max(1, best?.length ?? 0)) best = { from, length: index - from + 1 };
  });
  return best;
};
