import { describe, expect, it } from 'vitest';
import type { StoredPackage } from '../sboms/asset-packages.ts';
import { contentKeyOf, createMatchMemory } from './match-memory.ts';
import type { MatchedContent } from './matched-content.ts';

const contentOf = (findings: number): MatchedContent => ({
  findings: Array.from({ length: findings }, () => ({}) as MatchedContent['findings'][number]),
  leftOut: 0,
  digest: '',
});

describe('the memory of matches', () => {
  it('forgets what was used least when it has too many findings', () => {
    const memory = createMatchMemory();
    for (const key of ['a', 'b']) memory.keep(key, contentOf(9000));
    expect(memory.find('a')?.findings).toHaveLength(9000);
    memory.keep('c', contentOf(9000));
    expect(['a', 'b', 'c'].map((key) => memory.find(key) !== undefined)).toEqual([true, false, true]);
    memory.keep('c', contentOf(10));
    memory.keep('d', contentOf(9000));
    expect(['a', 'c', 'd'].map((key) => memory.find(key) !== undefined)).toEqual([true, true, true]);
    memory.keep('huge', contentOf(20_001));
    expect(memory.find('huge')).toBeUndefined();
  });

  it('has no more lists than it may', () => {
    const memory = createMatchMemory();
    for (let index = 0; index < 1001; index += 1) memory.keep(String(index), contentOf(0));
    expect([memory.find('0'), memory.find('1') !== undefined]).toEqual([undefined, true]);
  });
});

describe('the key of a package list', () => {
  const item = { id: 1, purl: 'pkg:deb/debian/a@1', name: 'a', version: '1' } as StoredPackage;
  const debian = { id: 'debian', versionId: '12', name: 'Debian' };
  const key = contentKeyOf('feed', debian, [item]);

  it('does not depend on whose packages they are', () => {
    expect(contentKeyOf('feed', debian, [{ ...item, id: 2 }])).toBe(key);
  });

  it('depends on everything else', () => {
    expect(contentKeyOf('other', debian, [item])).not.toBe(key);
    expect(contentKeyOf('feed', { ...debian, versionId: '13' }, [item])).not.toBe(key);
    expect(contentKeyOf('feed', undefined, [item])).not.toBe(key);
    expect(contentKeyOf('feed', debian, [{ ...item, owner: 'b' }])).not.toBe(key);
    expect(contentKeyOf('feed', debian, [item, item])).not.toBe(key);
  });
});
