import { describe, expect, it } from 'vitest';
import { extractFrom, namesFrom, packagesOf, survivesDamage } from '../../testing/extract.ts';
import { elfOf, machOOf, peOf } from '../../testing/program.ts';
import { knownProgram } from './index.ts';

const programOf = (...texts: readonly string[]): Buffer =>
  elfOf({ '.rodata': Buffer.from(`%s\0${texts.join('\0')}\0`, 'latin1') });

describe('a known program', () => {
  it.each([
    ['/usr/sbin/nginx', 'nginx version: nginx/1.22.1', 'nginx@1.22.1'],
    ['/usr/local/bin/node', 'undici node.js/v20.11.0', 'node@20.11.0'],
    ['/usr/local/bin/python3.12', '3.12.4', 'python@3.12.4'],
    ['/usr/local/lib/libpython3.12.so.1.0', '3.12.4+', 'python@3.12.4'],
    ['/usr/local/lib/libpython3.13.so.1.0', '3.13.0rc1', 'python@3.13.0rc1'],
    ['/opt/ssl/bin/openssl', 'OpenSSL 1.1.1w  11 Sep 2023', 'openssl@1.1.1w'],
    ['/opt/ssl/lib/libcrypto.so.3', 'OpenSSL 3.0.13 30 Jan 2024', 'openssl@3.0.13'],
    ['/bin/busybox', 'BusyBox v1.36.1 (2026-01-01 00:00:00 UTC)', 'busybox@1.36.1'],
    ['/usr/local/sbin/haproxy', ' version 2.8.3-86e043a, released 2023/09/07', 'haproxy@2.8.3'],
    ['/usr/local/apache2/bin/httpd', 'Apache/2.4.58 (Unix)', 'httpd@2.4.58'],
    ['/usr/local/pgsql/bin/postgres', 'postgres (PostgreSQL) 16.1', 'postgresql@16.1'],
    ['/usr/sbin/mysqld', '10.11.6-MariaDB', 'mariadb@10.11.6'],
    ['/usr/sbin/mysqld', '/build/mysql-8.0.35/sql/mysqld.cc', 'mysql@8.0.35'],
    ['/usr/bin/memcached', 'memcached 1.6.21', 'memcached@1.6.21'],
    ['/usr/local/bin/php', 'X-Powered-By: PHP/8.2.13', 'php@8.2.13'],
    ['/usr/local/bin/perl5.38.0', 'v5.38.0', 'perl@5.38.0'],
    ['/usr/local/lib/libruby.so.3.3.0', 'ruby 3.3.0p0 (2023-12-25 revision 5124f9ac75) [x86_64-linux]', 'ruby@3.3.0'],
    ['/usr/bin/curl', 'curl/8.5.0', 'curl@8.5.0'],
    ['/usr/lib/libcurl.so.4.8.0', 'libcurl/8.5.0', 'curl@8.5.0'],
    ['/bin/bash', '@(#)Bash version 5.2.15(1) release GNU', 'bash@5.2.15'],
    ['/usr/sbin/openvpn', 'OpenVPN 2.6.0 or later\0OpenVPN 2.6.14 x86_64-linux-gnu [SSL]', 'openvpn@2.6.14'],
    ['/usr/sbin/sshd', 'OpenSSH_9.2p1', 'openssh@9.2p1'],
    ['/usr/sbin/dropbear', 'SSH-2.0-dropbear_2022.83', 'dropbear@2022.83'],
  ])('%s that says %j is %s', async (path, text, expected) => {
    expect(await namesFrom(knownProgram, { [path]: programOf(text) })).toEqual([expected]);
  });

  it('costs no more for being made of digits alone', async () => {
    const digits = programOf('7'.repeat(2_000_000), '1.'.repeat(500_000));
    const names = ['mysqld', 'redis-server', 'haproxy', 'postgres', 'nginx', 'perl', 'sqlite3', 'python3.12'];
    const files = Object.fromEntries(names.map((name) => [`/opt/${name}`, digits]));
    expect(await namesFrom(knownProgram, files)).toEqual([]);
  });

  it('of Redis is the newest of the versions that it speaks of', async () => {
    const program = programOf('7.0.0', '7.0.15', '7.0.3', '2.8.9');
    expect(await namesFrom(knownProgram, { '/usr/local/bin/redis-server': program })).toEqual(['redis@7.0.15']);
  });

  it('may be of another system, or have no table of sections', async () => {
    const text = Buffer.from('\0node.js/v20.11.0\0', 'latin1');
    for (const program of [machOOf({ __cstring: text }), peOf({ '.rdata': text })])
      expect(await namesFrom(knownProgram, { '/x/node': program })).toEqual(['node@20.11.0']);
    const stripped = Buffer.from(elfOf({ '.rodata': text }));
    stripped.writeBigUInt64LE(0n, 40);
    expect(await namesFrom(knownProgram, { '/x/node': stripped })).toEqual(['node@20.11.0']);
  });

  it('is found where two pieces of a large one meet', async () => {
    for (const before of [1024 * 1024 - 12, 1024 * 1024 - 1, 2 * 1024 * 1024 - 5]) {
      const constants = Buffer.concat([Buffer.alloc(before, 'x'), Buffer.from(' nginx/1.22.1\0', 'latin1')]);
      expect(await namesFrom(knownProgram, { '/nginx': elfOf({ '.rodata': constants }) })).toEqual(['nginx@1.22.1']);
    }
  });

  it('has names of the dictionary of products', async () => {
    expect((await packagesOf({ '/usr/sbin/nginx': programOf('nginx/1.22.1') }))[0]).toEqual({
      purl: 'pkg:generic/nginx@1.22.1',
      type: 'generic',
      name: 'nginx',
      version: '1.22.1',
      licences: [],
      location: '/usr/sbin/nginx',
      files: ['/usr/sbin/nginx'],
      evidence: 'installed',
      foundBy: 'known-program',
      cpes: ['cpe:2.3:a:f5:nginx:1.22.1:*:*:*:*:*:*:*', 'cpe:2.3:a:nginx:nginx:1.22.1:*:*:*:*:*:*:*'],
    });
  });

  it('is not told beside the package of the distribution that owns it', async () => {
    const status = 'Package: nginx\nStatus: install ok installed\nVersion: 1.22.1-9\nArchitecture: amd64\n';
    const found = await packagesOf({
      '/var/lib/dpkg/status': status,
      '/var/lib/dpkg/info/nginx.list': '/usr/sbin/nginx\n',
      '/usr/sbin/nginx': programOf('nginx/1.22.1'),
    });
    expect(found.map(({ type }) => type)).toEqual(['dpkg']);
  });

  it('is none without a version, or with another name', async () => {
    const files = {
      '/bin/node': programOf('v20.11.0'),
      '/bin/other': programOf('nginx/1.22.1'),
      '/x/nginx': 'nginx/1.22.1',
    };
    expect(await extractFrom(knownProgram, files)).toEqual({ packages: [], problems: [] });
  });

  it('survives damage', () => survivesDamage(knownProgram, '/nginx', programOf('nginx/1.22.1')));
});
