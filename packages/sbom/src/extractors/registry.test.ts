import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { extractors, isDatabaseFile, isWantedLink } from './registry.ts';

const folders = readdirSync(import.meta.dirname, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

describe('the registry of extractors', () => {
  it('has every folder, and nothing else', () => {
    expect(extractors.map(({ name }) => name).sort()).toEqual(folders.sort());
  });

  it.each(folders)('%s has the files of an extractor', (name) => {
    expect(readdirSync(join(import.meta.dirname, name))).toEqual(
      expect.arrayContaining(['extract.test.ts', 'extract.ts', 'format.ts', 'index.ts']),
    );
  });
});

describe('what is kept of an image', () => {
  it.each([
    '/var/lib/dpkg/status',
    '/var/lib/dpkg/status.d/libc6',
    '/var/lib/dpkg/info/libssl3:amd64.list',
    '/lib/apk/db/installed',
    '/var/lib/rpm/Packages',
    '/usr/lib/sysimage/rpm/rpmdb.sqlite',
    '/usr/lib/sysimage/rpm/rpmdb.sqlite-wal',
    '/usr/lib/os-release',
  ])('%s', (path) => expect(isDatabaseFile(path)).toBe(true));

  it.each(['/etc/passwd', '/var/lib/dpkg/info/libssl3.md5sums', '/usr/bin/sh', '/', '/var/lib/dpkg/status.d/a/b'])(
    'not %s',
    (path) => {
      expect(isDatabaseFile(path)).toBe(false);
    },
  );

  it.each(['/lib', '/var', '/var/lib/rpm', '/etc', '/usr/lib'])('the link %s', (path) => {
    expect(isWantedLink(path)).toBe(true);
  });

  it('no other links', () => expect(isWantedLink('/home')).toBe(false));
});
