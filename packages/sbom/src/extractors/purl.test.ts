import { describe, expect, it } from 'vitest';
import { purlOf } from './purl.ts';

describe('purlOf', () => {
  it.each([
    [purlOf('deb', 'debian', 'openssl', '3.0.11-1', { arch: 'amd64' }), 'pkg:deb/debian/openssl@3.0.11-1?arch=amd64'],
    [purlOf('deb', 'Debian', 'libstdc++6', '1:12+2~b1'), 'pkg:deb/debian/libstdc%2B%2B6@1:12%2B2~b1'],
    [
      purlOf('rpm', 'fedora', 'Xorg', '1-2.fc41', { epoch: '25', arch: 'x86_64' }),
      'pkg:rpm/fedora/Xorg@1-2.fc41?arch=x86_64&epoch=25',
    ],
    [purlOf('rpm', 'redhat', 'n', '1', { rpmmod: 'nodejs:18' }), 'pkg:rpm/redhat/n@1?rpmmod=nodejs:18'],
    [purlOf('apk', '', 'musl', '', { arch: undefined, distro: '' }), 'pkg:apk/musl'],
    [purlOf('deb', 'debian', 'a b/c?d#e', '%'), 'pkg:deb/debian/a%20b%2Fc%3Fd%23e@%25'],
    [purlOf('deb', 'debian', '\ud800', '1'), 'pkg:deb/debian/%EF%BF%BD@1'],
  ])('%s', (actual, expected) => expect(actual).toBe(expected));
});
