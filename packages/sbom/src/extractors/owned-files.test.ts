import { describe, expect, it } from 'vitest';
import { memoryFileSystemOf } from '../file-system/memory.ts';
import { findMergedFolders, usableFiles } from './owned-files.ts';

describe('usableFiles', () => {
  it('keeps programs and libraries, and drops folders, data and documents', () => {
    const listed = [
      '/.',
      '/usr',
      '/usr/bin',
      '/usr/bin/openssl',
      '/usr/sbin/nginx',
      '/usr/lib',
      '/usr/lib/x86_64-linux-gnu/libssl.so.3',
      '/usr/lib/x86_64-linux-gnu/engines-3/padlock.so',
      '/usr/lib/openssh/sftp-server',
      '/usr/lib/jvm/java-17/lib/server/libjvm.so',
      '/usr/share/java/app.jar',
      '/usr/share/doc/openssl/README',
      '/usr/share/man/man1/openssl.1.gz',
      '/usr/lib/python3/dist-packages/x.py',
      '/etc/ssl/openssl.cnf',
      '/opt/tool/tool',
      '',
    ];
    expect(usableFiles(listed, [])).toEqual([
      '/usr/bin/openssl',
      '/usr/sbin/nginx',
      '/usr/lib/x86_64-linux-gnu/libssl.so.3',
      '/usr/lib/x86_64-linux-gnu/engines-3/padlock.so',
      '/usr/lib/openssh/sftp-server',
      '/usr/lib/jvm/java-17/lib/server/libjvm.so',
      '/usr/share/java/app.jar',
      '/opt/tool/tool',
    ]);
  });

  it('keeps what the database calls a program, whatever its name', () => {
    expect(usableFiles([{ path: '/usr/share/tool/run.py', isProgram: true }], [])).toEqual(['/usr/share/tool/run.py']);
  });

  it('gives both names of a file below a merged folder', () => {
    expect(usableFiles(['/lib/x/libc.so.6', '/bin/sh', '/library'], ['/bin', '/lib'])).toEqual([
      '/lib/x/libc.so.6',
      '/usr/lib/x/libc.so.6',
      '/bin/sh',
      '/usr/bin/sh',
    ]);
  });

  it('holds to the limits of the schema', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => `/usr/bin/p${index}`);
    expect(usableFiles(many, [])).toHaveLength(4096);
    expect(usableFiles([`/usr/bin/${'x'.repeat(5000)}`], [])).toEqual([]);
  });
});

describe('findMergedFolders', () => {
  it('finds the top folders that are links', async () => {
    const files = memoryFileSystemOf({ '/bin': '-> usr/bin', '/lib': '-> usr/lib', '/sbin/init': 'x' });
    expect(await findMergedFolders(files)).toEqual(['/bin', '/lib']);
  });
});
