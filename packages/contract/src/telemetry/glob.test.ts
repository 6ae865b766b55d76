import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compileGlob, countWildcards } from './glob.ts';

describe('a pattern', () => {
  it.each([
    ['nginx', 'nginx', true],
    ['nginx', 'nginx:1', false],
    ['nginx:*', 'nginx:1.27', true],
    ['*/shop/*', 'registry.example/shop/web:2', true],
    ['*', '', true],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['*.*', 'abc', false],
    ['', 'a', false],
  ])('of a name: %s, %s', (pattern, text, expected) => {
    expect(compileGlob(pattern, 'name')(text)).toBe(expected);
  });

  it.each([
    ['/etc/*', '/etc/passwd', true],
    ['/etc/*', '/etc/ssh/sshd_config', false],
    ['/etc/**', '/etc/ssh/sshd_config', true],
    ['/home/*/.ssh/**', '/home/me/.ssh/authorized_keys', true],
    ['/home/*/.ssh/**', '/home/me/x/.ssh/authorized_keys', false],
    ['/**/x', '/a/b/x', true],
    ['/**/x', '/x', false],
    ['/a?b', '/a/b', false],
    ['**', '/any/thing', true],
  ])('of a path: %s, %s', (pattern, text, expected) => {
    expect(compileGlob(pattern, 'path')(text)).toBe(expected);
  });

  it('counts a run of stars as one wildcard', () => {
    expect(countWildcards('/**/a*?')).toBe(3);
    expect(countWildcards('plain')).toBe(0);
  });

  it('agrees with the regular expression that says the same', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[ab/*?]{0,7}$/), fc.stringMatching(/^[ab/]{0,9}$/), (pattern, text) => {
        const source = pattern.replace(/\*+|\?/g, (wild) => (wild === '?' ? '[^/]' : wild === '*' ? '[^/]*' : '.*'));
        expect(compileGlob(pattern, 'path')(text)).toBe(new RegExp(`^${source}$`).test(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('ends soon on text made to be slow', () => {
    const matches = compileGlob('/**a**a**a**a**a**a**a**b', 'path');
    expect(matches(`/${'a'.repeat(8192)}`)).toBe(false);
  });
});
