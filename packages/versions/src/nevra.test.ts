import { describe, expect, it } from 'vitest';
import { compareNevras, parseNevra } from './nevra.ts';

describe('parseNevra', () => {
  it.each([
    ['bash-5.2.26-3.fc40.x86_64', ['bash', undefined, '5.2.26', '3.fc40', 'x86_64']],
    ['glibc-common-2:2.39-8.fc40', ['glibc-common', '2', '2.39', '8.fc40', undefined]],
    ['0:1.0-1', [undefined, '0', '1.0', '1', undefined]],
    ['kernel-6.8.5-301.fc40.src', ['kernel', undefined, '6.8.5', '301.fc40', 'src']],
  ])('%s', (text, [name, epoch, version, release, architecture]) => {
    expect(parseNevra(text)).toEqual({ name, epoch, version, release, architecture });
  });

  it.each(['', 'bash', '1.0', '-1', 'a b-1-1 x', 'x'.repeat(5000)])('%j is none', (text) =>
    expect(parseNevra(text)).toBeUndefined(),
  );
});

describe('compareNevras', () => {
  it('orders by name, version, architecture', () => {
    const ascending = ['x', '1-1', '1-2', '1:0-1', 'a-1-1', 'a-1-1.aarch64', 'a-1-1.x86_64', 'a-1-2', 'b-0-1'];
    for (const [index, lower] of ascending.entries()) {
      for (const higher of ascending.slice(index + 1)) {
        expect([lower, higher, Math.sign(compareNevras(lower, higher))]).toEqual([lower, higher, -1]);
        expect(Math.sign(compareNevras(higher, lower))).toBe(1);
      }
    }
    expect(compareNevras('a-0:1-1', 'a-1-1')).toBe(0);
  });
});
