import { describe, expect, test } from 'vitest';
import {
  formatBytes,
  formatCompact,
  formatCores,
  formatCount,
  formatMark,
  formatRelative,
  formatShare,
  formatSpan,
  formatTotal,
  plural,
  shortId,
} from './format.ts';

const now = Date.parse('2026-11-21T12:00:00.000Z');
const before = (ms: number): string => new Date(now - ms).toISOString();

describe('numbers', () => {
  test('counts have separators, totals may be lower bounds', () => {
    expect(formatCount(1284)).toBe('1,284');
    expect(formatTotal(10_000, true)).toBe('10,000+');
    expect(formatTotal(412, false)).toBe('412');
  });

  test('small numbers are exact where room is short', () => {
    expect(formatCompact(9999)).toBe('9,999');
    expect(formatCompact(4_120_000)).toBe('4.1M');
  });

  test('a word agrees with its number', () => {
    expect(plural(1, 'finding')).toBe('1 finding');
    expect(plural(0, 'finding')).toBe('0 findings');
    expect(plural(2, 'person', 'people')).toBe('2 people');
  });

  test.each([
    [0, '0 %'],
    [0.0004, '< 0.1 %'],
    [0.004, '0.4 %'],
    [0.05, '5 %'],
    [0.714, '71 %'],
    [0.998, '> 99 %'],
    [1, '100 %'],
  ])('share %f is %s', (share, text) => expect(formatShare(share)).toBe(text));
});

describe('quantities', () => {
  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [62_400_000, '62 MB'],
    [1_420_000_000, '1.4 GB'],
    [3e18, '3000 PB'],
  ])('%d bytes are %s', (bytes, text) => expect(formatBytes(bytes)).toBe(text));

  test.each([
    [420, '420 ms'],
    [1000, '1 s'],
    [26 * 60_000, '26 min'],
    [3_600_000, '1 h'],
    [50 * 86_400_000, '50 d'],
    [-4120, '4 s'],
  ])('%d ms are %s', (ms, text) => expect(formatSpan(ms)).toBe(text));

  test('cores', () => {
    expect(formatCores(0.02)).toBe('0.02 core');
    expect(formatCores(2.04)).toBe('2.0 cores');
  });
});

describe('times', () => {
  test.each([
    [1000, 'now'],
    [-1000, 'now'],
    [60_000, '1 min ago'],
    [3 * 86_400_000, '3 d ago'],
    [-2 * 3_600_000, 'in 2 h'],
  ])('%d ms before now is %s', (ms, text) => expect(formatRelative(before(ms), now)).toBe(text));

  test.each([
    [3_600_000, '09:00'],
    [15_000, '09:00:00'],
    [250, '00:00.000'],
  ])('marks %d ms apart are told apart by %s', (stepMs, text) => {
    const at = new Date(2026, 10, 29, 9).toISOString();
    expect(formatMark(at, stepMs, Date.parse(at))).toBe(text);
  });

  test('what is no time is shown as it came', () => expect(formatRelative('soon', now)).toBe('soon'));
});

test('ids are shortened without their algorithm', () => {
  expect(shortId('sha256:9f2c0011aabbccddeeff')).toBe('9f2c0011aabb');
  expect(shortId('short')).toBe('short');
});
