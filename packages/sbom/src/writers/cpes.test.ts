import type { Package } from '@parapet/contract';
import { describe, expect, it } from 'vitest';
import { cpesOf } from './cpes.ts';

const packageOf = (type: string, name: string, version: string, more: Partial<Package> = {}): Package => ({
  purl: `pkg:${type}/${name}@${version}`,
  type,
  name,
  version,
  licences: [],
  location: '/x',
  files: [],
  ...more,
});

describe('the CPE names of a package', () => {
  it.each([
    ['dpkg', 'libssl3', '3.0.11-1~deb12u2', { name: 'openssl', version: '3.0.11-1~deb12u2' }, 'openssl:openssl:3.0.11'],
    ['dpkg', 'php8.2-cli', '8.2.7-1', { name: 'php8.2', version: '8.2.7-1' }, 'php:php:8.2.7'],
    ['dpkg', 'postgresql-15', '15.3-0', { name: 'postgresql-15', version: '15.3-0' }, 'postgresql:postgresql:15.3'],
    ['dpkg', 'zlib1g', '1:1.2.13.dfsg-1', { name: 'zlib', version: '1:1.2.13.dfsg-1' }, 'zlib:zlib:1.2.13.dfsg'],
    ['dpkg', 'vim', '2:9.0.1378-2', undefined, 'vim:vim:9.0.1378'],
    ['apk', 'libcrypto3', '3.3.2-r0', { name: 'openssl', version: '3.3.2-r0' }, 'openssl:openssl:3.3.2'],
    ['rpm', 'bash', '5.1.8-9.el9', undefined, 'gnu:bash:5.1.8'],
  ])('%s %s %s', (type, name, version, source, expected) => {
    const found = packageOf(type, name, version, source === undefined ? {} : { source });
    expect(cpesOf(found)).toEqual([`cpe:2.3:a:${expected}:*:*:*:*:*:*:*`]);
  });

  it('are of a system for the kernel', () => {
    const source = { name: 'linux-signed-amd64', version: '6.1.55+1' };
    expect(cpesOf(packageOf('dpkg', 'linux-image-amd64', '6.1.55-1', { source }))).toEqual([
      'cpe:2.3:o:linux:linux_kernel:6.1.55:*:*:*:*:*:*:*',
    ]);
  });

  it('are not guessed, and those of the package itself stay', () => {
    expect(cpesOf(packageOf('dpkg', 'libsomething', '1.0-1'))).toEqual([]);
    expect(cpesOf(packageOf('npm', 'openssl', '1.0.0'))).toEqual([]);
    expect(cpesOf(packageOf('generic', 'x', '1', { cpes: ['cpe:2.3:a:x:x:1:*:*:*:*:*:*:*'] }))).toHaveLength(1);
  });
});
