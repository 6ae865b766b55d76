import { describe, expect, it } from 'vitest';
import { createWatchedPaths, defaultWatchedPaths, parseWatchedPaths } from './watched-paths.ts';

describe('watched paths', () => {
  const paths = createWatchedPaths(['/etc', '/home/*/.ssh']);

  it.each([
    ['/etc', 'inside'],
    ['/etc/deep/er', 'inside'],
    ['/home/ann/.ssh', 'inside'],
    ['/home/ann/.ssh/keys/old', 'inside'],
    ['/', 'towards'],
    ['/home', 'towards'],
    ['/home/ann', 'towards'],
    ['/etcetera', undefined],
    ['/home/ann/papers', undefined],
    ['/var/home/ann/.ssh', undefined],
  ])('%s is %s', (path, relation) => {
    expect(paths.relationOf(path)).toBe(relation);
  });

  it('come in the order of their names', () => {
    expect(['/', '/etc/deep', '/home/ann', '/home/ann/.ssh/old', '/srv'].map(paths.rankOf)).toEqual([0, 0, 1, 1, 2]);
  });

  it('of all is everything', () => {
    expect(createWatchedPaths(['/']).relationOf('/any/where')).toBe('inside');
  });

  it('are read from text, and what is none is said', () => {
    expect(parseWatchedPaths('/etc/, /srv/*/keys ,/')).toEqual(['/etc', '/srv/*/keys', '/']);
    for (const text of ['etc', '', '/etc,,/srv', '/etc/../root', `/${'x'.repeat(1024)}`])
      expect(parseWatchedPaths(text)).toMatchObject({ wrong: expect.stringContaining('no absolute path') });
    expect(parseWatchedPaths('/a,'.repeat(64).concat('/a'))).toMatchObject({ wrong: expect.stringContaining('64') });
    expect(parseWatchedPaths(defaultWatchedPaths.join(','))).toEqual(defaultWatchedPaths);
  });
});
