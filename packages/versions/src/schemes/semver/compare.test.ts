import { compare, valid } from 'semver';
import { describe, expect, it } from 'vitest';
import { acceptScheme } from '../../testing/order.ts';
import { semverScheme } from './index.ts';

acceptScheme(semverScheme, {
  ascending: [
    // semver.org, rule 11.
    [
      '1.0.0-alpha',
      '1.0.0-alpha.1',
      '1.0.0-alpha.beta',
      '1.0.0-beta',
      '1.0.0-beta.2',
      '1.0.0-beta.11',
      '1.0.0-rc.1',
      '1.0.0',
    ],
    ['0.9.9', '0.10.0-0', '0.10.0', '1.0.0', '2.0.0', '2.1.0', '2.1.1', '10.0.0'],
    ['1.2.3-r100', '1.2.3-r2', '1.2.3-r2-x'],
    ['no version', '0', '99999999999999999999998', '99999999999999999999999'],
  ],
  equal: [
    ['1.2.3', 'v1.2.3', '1.2.3+build.1', '1.2.3+build.2'],
    ['1.2', '1.2.0', '01.02'],
  ],
  valid: ['1.2.3', 'v1.2.3', '1.2.3-rc.1+build.5', '0.0.0-0'],
  invalid: ['', '1', '1.2', '1.2.3-', '1.2.3+', '01.2.3', '1.2.3-a..b', '1.2.3 '],
});

describe('the semver package', () => {
  it('agrees on every pair', () => {
    const versions = ['0.0.0', '1.2.3', '1.2.10', '1.10.0', '2.0.0'].flatMap((release) =>
      ['', '-0', '-1', '-10', '-a', '-a.1', '-a.b', '-a-b', '-A', '-1a', '-rc.1', '+x', '-a+x'].map(
        (rest) => release + rest,
      ),
    );
    for (const a of versions) {
      expect([a, valid(a) === null]).toEqual([a, !semverScheme.isValid(a)]);
      for (const b of versions) expect([a, b, Math.sign(semverScheme.compare(a, b))]).toEqual([a, b, compare(a, b)]);
    }
  });
});
