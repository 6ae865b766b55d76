import { compareDigits, compareText } from './digits.ts';
import { maxVersionLength } from './scheme.ts';

/**
 * Orders versions that are lists of numbers: number by number, and a list before its own continuations (`1.0` < `1.0.0`). What
 * does not begin with a number comes before everything; text after the numbers decides last.
 */
export const compareNumberLists = (a: string, b: string, separator: RegExp): number => {
  const left = parse(a, separator);
  const right = parse(b, separator);
  for (let index = 0; index < Math.min(left.numbers.length, right.numbers.length); index += 1) {
    const difference = compareDigits(left.numbers[index] ?? '', right.numbers[index] ?? '');
    if (difference !== 0) return difference;
  }
  return left.numbers.length - right.numbers.length || compareText(left.rest, right.rest);
};

const parse = (version: string, separator: RegExp): { readonly numbers: readonly string[]; readonly rest: string } => {
  const parts = version.slice(0, maxVersionLength).trim().split(separator);
  const end = parts.findIndex((part) => !/^\d+$/.test(part));
  return end < 0 ? { numbers: parts, rest: '' } : { numbers: parts.slice(0, end), rest: parts.slice(end).join('.') };
};
