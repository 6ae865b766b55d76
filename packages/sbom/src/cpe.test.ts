import { describe, expect, it } from 'vitest';
import { cpeOf } from './cpe.ts';

describe('cpeOf', () => {
  it.each([
    [{ vendor: 'nodejs', product: 'node.js', version: '20.1.0' }, 'cpe:2.3:a:nodejs:node.js:20.1.0:*:*:*:*:*:*:*'],
    [
      { vendor: 'linux', product: 'linux_kernel', part: 'o', version: '' },
      'cpe:2.3:o:linux:linux_kernel:*:*:*:*:*:*:*:*',
    ],
    [{ vendor: 'a b', product: 'C++', version: '1:2~rc' }, 'cpe:2.3:a:a_b:c\\+\\+:1\\:2\\~rc:*:*:*:*:*:*:*'],
  ] as const)('%j is %s', (parts, expected) => expect(cpeOf(parts)).toBe(expected));

  it('stays within its limit, whatever the parts', () => {
    const long = '*'.repeat(10_000);
    expect(cpeOf({ vendor: long, product: long, version: long }).length).toBeLessThanOrEqual(512);
    expect(cpeOf({ vendor: 'vendor', product: 'p', version: 'é\u0000' })).toBe('cpe:2.3:a:vendor:p:__:*:*:*:*:*:*:*');
  });
});
