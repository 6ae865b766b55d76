import { describe, expect, it } from 'vitest';
import { acceptScheme } from '../../testing/order.ts';
import { compareRpmSegments } from './compare.ts';
import { rpmScheme } from './index.ts';

acceptScheme(rpmScheme, {
  ascending: [
    ['1.0~rc1', '1.0~rc2', '1.0', '1.0^git1', '1.0^git2', '1.0.1', '1.01.1'],
    ['1.1.1k-5.el8', '1.1.1k-6.el8_5', '1.1.1k-9.el8_7', '1.1.1k-12.el8_9', '1:1.1.1-1.el8'],
    ['1.a', '1.b', '1.1', '1.10'],
    ['5.14.0-70.el9', '5.14.0-427.13.1.el9_4', '5.14.0-427.26.1.el9_4'],
    ['1.0', '1.0a', '1.0b', '1.1'],
    ['2.4.21-9.EL', '2.4.21-9.0.1.EL'],
    ['1:16.13.1-3.module_el8.5.0+2605', '1:16.14.0-4.module_el8.6.0+2904'],
  ],
  equal: [
    ['1.0-1', '0:1.0-1', '1_0-1', '1.0-01'],
    ['1.a', '1a', '1+a'],
    ['1.1.α', '1.1.β', '1.1.'],
  ],
  valid: ['1', '1.0-1.el9', '2:1.0~rc1^git2-3.fc39', '20240101_1'],
  invalid: ['', '1.0-1-1', 'a b', '1:', ':1', '1.0-', 'x:1'],
});

describe('one segment', () => {
  it('is older with a tilde even where the other ends', () => {
    expect(compareRpmSegments('1~', '1')).toBeLessThan(0);
    expect(compareRpmSegments('1', '1~~')).toBeGreaterThan(0);
  });

  it('is newer with a caret only where the other ends', () => {
    expect(compareRpmSegments('1^', '1')).toBeGreaterThan(0);
    expect(compareRpmSegments('1^', '1.1')).toBeLessThan(0);
  });

  it('counts a number as newer than letters, and more runs as newer', () => {
    expect(compareRpmSegments('1', 'a')).toBeGreaterThan(0);
    expect(compareRpmSegments('1.0.0', '1.0')).toBeGreaterThan(0);
  });
});
