import { compare, valid } from '@renovatebot/pep440';
import { describe, expect, it } from 'vitest';
import { acceptScheme } from '../../testing/order.ts';
import { pep440Scheme } from './index.ts';

acceptScheme(pep440Scheme, {
  ascending: [
    // PEP 440, "Summary of permitted suffixes and relative ordering".
    [
      '1.dev0',
      '1.0.dev456',
      '1.0a1',
      '1.0a2.dev456',
      '1.0a12.dev456',
      '1.0a12',
      '1.0b1.dev456',
      '1.0b2',
      '1.0b2.post345.dev456',
      '1.0b2.post345',
      '1.0rc1.dev456',
      '1.0rc1',
      '1.0',
      '1.0+abc.5',
      '1.0+abc.7',
      '1.0+5',
      '1.0.post456.dev34',
      '1.0.post456',
      '1.0.15',
      '1.1.dev1',
    ],
    ['2013.10', '2014.4', '1!1.0', '1!1.1', '2!1.0'],
    ['1.9', '1.10'],
    // From before PEP 440: all older than any version of it.
    ['', '0.1-charmander', '0.9-doduo', '0.9-eevee', '0'],
    ['foo', 'foo1', 'foo2', 'foo10'],
  ],
  equal: [
    ['1.0', '1', '1.0.0', 'v1.0', '0!1.0', ' 1.0 '],
    ['1.0a1', '1.0.alpha-1', '1.0_A_1', '1.0-alpha.1'],
    ['1.0rc1', '1.0c1', '1.0-pre1', '1.0.preview.1'],
    ['1.0-1', '1.0.post1', '1.0-r1', '1.0.rev1'],
    ['1.0+ubuntu-1', '1.0+ubuntu.1', '1.0+UBUNTU_1'],
    ['1.0.dev', '1.0.dev0'],
  ],
  valid: ['1', '1!2.3.post4.dev5+local.6', '1.0-1', 'v1.0', '1.0rc'],
  invalid: ['', 'foo', '1.0-x', '1.0+', '1..0', '1.0 b'],
});

describe('the pep440 package', () => {
  it('agrees on every pair', () => {
    const versions = ['1.0', '1.0.1', '1!0.9', '1.10'].flatMap((release) =>
      [
        '',
        'a1',
        'b2',
        'rc1',
        '.post1',
        '-2',
        '.dev3',
        'a1.dev2',
        'a1.post3',
        '.post1.dev4',
        '+l.1',
        '+1.l',
        'rc10+a',
      ].map((rest) => release + rest),
    );
    for (const a of versions) {
      expect([a, valid(a) !== null]).toEqual([a, pep440Scheme.isValid(a)]);
      for (const b of versions)
        expect([a, b, Math.sign(pep440Scheme.compare(a, b))]).toEqual([a, b, Math.sign(compare(a, b))]);
    }
  });
});
