import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { acceptScheme } from '../../testing/order.ts';
import { debScheme } from './index.ts';

acceptScheme(debScheme, {
  ascending: [
    // deb-version(7): ~~, ~~a, ~, the empty part, a.
    ['~~', '~~a', '~', '', 'a'],
    ['1.0~rc1-1', '1.0-1', '1.0-1+deb12u1', '1.0-1.1', '1.0-2', '1.0.1-1'],
    ['9:0', '10:0'],
    ['2.0-1', '1:1.0-1', '1:1.0-1ubuntu1', '2:0.1-1'],
    ['1.9', '1.10', '1.100'],
    ['3.0.11-1~deb12u1', '3.0.11-1~deb12u2', '3.0.11-1~deb12u10', '3.0.11-1'],
    ['1.0a', '1.0b', '1.0+', '1.0.', '1.00.1'],
    ['5.36.0-7+deb12u1', '5.36.0-7+deb12u1+b1', '5.36.0-7+deb12u2'],
  ],
  equal: [
    ['1.0-1', '0:1.0-1', '00:1.0-1'],
    ['1.01', '1.1', '1.0001'],
    ['1.0', '1.0-0', '1.0-'],
    ['', '0', '0-0'],
  ],
  valid: ['1', '1:2.3-4', '1.0~rc1+dfsg-1ubuntu2', '2:1.0-a-1', '1.2-3.4~5'],
  invalid: ['', 'a1', '-1', ':1', '1:', 'x:1.0', '1.0-', '1 0', '1.0_2', '1:2:x y'],
});

const cases = [
  '1.0-1',
  '1.0',
  '1:0.1',
  '1.0~a',
  '1.0+b1',
  '2.0-1+deb12u1',
  '2.0-1~bpo12+1',
  '10',
  '9',
  '1.0a',
  '1.0-1.1',
];

describe.skipIf(!existsSync('/usr/bin/dpkg'))('dpkg itself', () => {
  it('agrees on every pair', () => {
    for (const a of cases) {
      for (const b of cases) {
        const says = (operator: string): boolean => {
          try {
            execFileSync('dpkg', ['--compare-versions', a, operator, b]);
            return true;
          } catch {
            return false;
          }
        };
        const expected = says('lt') ? -1 : says('gt') ? 1 : 0;
        expect([a, b, Math.sign(debScheme.compare(a, b))]).toEqual([a, b, expected]);
      }
    }
  });
});
