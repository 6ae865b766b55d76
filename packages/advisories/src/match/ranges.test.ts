import { schemeOf } from '@parapet/versions';
import { describe, expect, it } from 'vitest';
import type { VersionRange } from '../sources/source.ts';
import { describeRanges, evaluateRanges } from './ranges.ts';

/** `i1 f2` reads introduced 1, fixed 2; `l` last affected, `m` limit. */
const range = (text: string): VersionRange => ({
  events: text.split(' ').map((event) => ({
    kind: ({ i: 'introduced', f: 'fixed', l: 'last_affected', m: 'limit' } as const)[event[0] as 'i' | 'f' | 'l' | 'm'],
    version: event.slice(1),
  })),
});

const verdict = (version: string, ranges: readonly string[], versions: readonly string[] = []): string => {
  const scheme = schemeOf('Debian');
  if (scheme === undefined) throw new Error('no scheme');
  const found = evaluateRanges(version, { ranges: ranges.map(range), versions }, scheme);
  return found.affected ? `affected, fixed in ${found.fixedVersion ?? 'none'}` : 'not affected';
};

describe('evaluateRanges', () => {
  it.each([
    ['1.0-1', ['i0 f1.2-1'], 'affected, fixed in 1.2-1'],
    ['1.2-1', ['i0 f1.2-1'], 'not affected'],
    ['1.2-1~deb12u1', ['i0 f1.2-1'], 'affected, fixed in 1.2-1'],
    ['2:0.1', ['i0 f1.2-1'], 'not affected'],
    ['1.0', ['i0'], 'affected, fixed in none'],
    ['0', ['i0 f0'], 'not affected'],
    ['1.5', ['i1.0 f2.0'], 'affected, fixed in 2.0'],
    ['0.9', ['i1.0 f2.0'], 'not affected'],
    ['1.0', ['i1.0 f2.0'], 'affected, fixed in 2.0'],
    ['2.5', ['i1.0 f2.0 i3.0 f4.0'], 'not affected'],
    ['3.5', ['i1.0 f2.0 i3.0 f4.0'], 'affected, fixed in 4.0'],
    ['3.5', ['f4.0 i3.0 f2.0 i1.0'], 'affected, fixed in 4.0'],
    ['3.5', ['i1.0 f2.0', 'i3.0 f4.0'], 'affected, fixed in 4.0'],
    ['5.0', ['i1.0 f2.0 i3.0'], 'affected, fixed in none'],
    ['2.0', ['i1.0 l2.0'], 'affected, fixed in none'],
    ['2.0.1', ['i1.0 l2.0'], 'not affected'],
    ['1.9', ['i0 m2.0'], 'affected, fixed in none'],
    ['2.0', ['i0 m2.0'], 'not affected'],
    ['1.0', ['i1.0 f1.0'], 'not affected'],
    ['1.5', ['i1.0 f2.0 f3.0'], 'affected, fixed in 2.0'],
    ['2.5', ['i1.0 f2.0 f3.0'], 'not affected'],
    ['1.0', [], 'not affected'],
  ])('%s in %j is %s', (version, ranges, expected) => expect(verdict(version, ranges)).toBe(expected));

  it('takes versions by name, equal ones too', () => {
    expect(verdict('1.0', [], ['0.9', '1.0'])).toBe('affected, fixed in none');
    expect(verdict('0:1.0-0', ['i2'], ['1.0'])).toBe('affected, fixed in none');
    expect(verdict('1.1', [], ['1.0'])).toBe('not affected');
  });
});

describe('describeRanges', () => {
  it.each([
    [['i0 f1.2'], [], ['< 1.2']],
    [['i1.0 f1.2 i2.0 l2.3'], [], ['>= 1.0, < 1.2', '>= 2.0, <= 2.3']],
    [['i0'], [], ['all versions']],
    [['i3.0'], [], ['>= 3.0']],
    [
      ['i0 f1', 'i0 f1'],
      ['7', '8'],
      ['< 1', '= 7', '= 8'],
    ],
  ])('%j %j reads %j', (ranges, versions, expected) => {
    expect(describeRanges({ ranges: ranges.map(range), versions })).toEqual(expected);
  });

  it('does not list versions without end', () => {
    expect(
      describeRanges({ ranges: [], versions: Array.from({ length: 500 }, (_, index) => String(index)) }),
    ).toHaveLength(20);
  });
});
