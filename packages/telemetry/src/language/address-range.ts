/** An address as 32 hex digits of its IPv6 form, IPv4 mapped into it, so that text order is address order; `undefined` for no address. */
export const addressKey = (text: string): string | undefined => {
  const v4 = parseV4(text);
  if (v4 !== undefined) return `00000000000000000000ffff${hex(v4, 8)}`;
  const words = text.includes(':') ? parseV6(text) : undefined;
  return words?.map((word) => hex(word, 4)).join('');
};

/** `10.0.0.0/8`, `2001:db8::/32` or a single address, as the first and last key in it. */
export const addressRange = (text: string): { readonly from: string; readonly to: string } | undefined => {
  const [address = '', length] = text.split('/', 2);
  const key = addressKey(address);
  if (key === undefined || text.split('/').length > 2) return undefined;
  const isV4 = !address.includes(':');
  const most = isV4 ? 32 : 128;
  const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : -1;
  if (bits < 0 || bits > most) return undefined;
  const free = BigInt(most - bits);
  const first = (BigInt(`0x${key}`) >> free) << free;
  const last = first | ((1n << free) - 1n);
  return { from: first.toString(16).padStart(32, '0'), to: last.toString(16).padStart(32, '0') };
};

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

const parseV4 = (text: string): number | undefined => {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  const parts = match?.slice(1).map(Number);
  if (parts === undefined || parts.some((part) => part > 255)) return undefined;
  return parts.reduce((value, part) => value * 256 + part, 0);
};

const parseV6 = (text: string): readonly number[] | undefined => {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const [left, right] = [wordsOf(halves[0] ?? ''), wordsOf(halves[1] ?? '')];
  if (left === undefined || right === undefined) return undefined;
  const missing = 8 - left.length - right.length;
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  return [...left, ...Array.from({ length: missing }, () => 0), ...right];
};

const wordsOf = (text: string): readonly number[] | undefined => {
  if (text === '') return [];
  const words: number[] = [];
  for (const part of text.split(':')) {
    const v4 = parseV4(part);
    if (v4 !== undefined) words.push(v4 >>> 16, v4 & 0xffff);
    else if (/^[0-9a-f]{1,4}$/i.test(part)) words.push(Number.parseInt(part, 16));
    else return undefined;
  }
  return words;
};
