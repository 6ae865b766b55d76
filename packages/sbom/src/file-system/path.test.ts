import { fail, ok } from '@parapet/core';
import { describe, expect, it } from 'vitest';
import { normalisePath, notFound, type PathEntry, resolvePath, splitPath } from './path.ts';

const lookupIn = (entries: Readonly<Record<string, PathEntry>>) => async (path: string) => {
  const found = entries[path];
  return found === undefined ? fail(notFound(path)) : ok(found);
};

const folder: PathEntry = { kind: 'directory' };
const link = (target: string): PathEntry => ({ kind: 'symlink', target });

describe('resolvePath', () => {
  const lookup = lookupIn({
    '/etc': folder,
    '/etc/file': { kind: 'file' },
    '/usr': folder,
    '/usr/lib': folder,
    '/usr/lib/os-release': { kind: 'file' },
    '/lib': link('usr/lib'),
    '/etc/os-release': link('../usr/lib/os-release'),
    '/etc/absolute': link('/usr/lib/os-release'),
    '/etc/escape': link('../../../../usr/lib/os-release'),
    '/loop': link('/loop'),
    '/ping': link('/pong'),
    '/pong': link('/ping'),
    '/empty': link(''),
    '/dangling': link('/nowhere'),
  });

  it.each([
    ['/etc/file', '/etc/file'],
    ['//etc/.//./file', '/etc/file'],
    ['/etc/../etc/file', '/etc/file'],
    ['/../../etc/file', '/etc/file'],
    ['/etc/os-release', '/usr/lib/os-release'],
    ['/etc/absolute', '/usr/lib/os-release'],
    ['/lib/os-release', '/usr/lib/os-release'],
    ['/etc/escape', '/usr/lib/os-release'],
    ['/', '/'],
  ])('%s leads to %s', async (path, expected) => {
    expect(await resolvePath(path, lookup)).toEqual(ok(expected));
  });

  it('keeps a final link when asked', async () => {
    expect(await resolvePath('/lib', lookup, false)).toEqual(ok('/lib'));
    expect(await resolvePath('/lib/os-release', lookup, false)).toEqual(ok('/usr/lib/os-release'));
  });

  it.each([
    ['/loop', 'bad-path'],
    ['/ping/x', 'bad-path'],
    ['/empty', 'bad-path'],
    ['/dangling', 'not-found'],
    ['/missing/deeper', 'not-found'],
    ['/etc/file/deeper', 'not-a-directory'],
    [`/${'x'.repeat(256)}`, 'bad-path'],
    ['/etc/nul\0byte', 'bad-path'],
    ['/etc'.repeat(2000), 'not-found'],
  ])('%s fails as %s', async (path, code) => {
    expect(await resolvePath(path, lookup)).toMatchObject({ ok: false, error: { code } });
  });

  it('ends on a link that grows with every step', async () => {
    const growing = await resolvePath('/x', async () => ok(link('/x/x/x/x/x/x/x/x')));
    expect(growing).toMatchObject({ ok: false, error: { code: 'bad-path' } });
  });
});

describe('paths as text', () => {
  it.each([
    ['./etc/passwd', '/etc/passwd'],
    ['../../etc/passwd', '/etc/passwd'],
    ['/a/b/../../../c', '/c'],
    ['', '/'],
    ['a//b/', '/a/b'],
  ])('%j is normally %s', (path, expected) => expect(normalisePath(path)).toBe(expected));

  it('splits', () => {
    expect(splitPath('/a/b')).toEqual({ folder: '/a', name: 'b' });
    expect(splitPath('/a')).toEqual({ folder: '/', name: 'a' });
    expect(splitPath('/')).toEqual({ folder: '/', name: '' });
  });
});
