import { describe, expect, it } from 'vitest';
import { memoryFileSystemOf } from './memory.ts';

const files = memoryFileSystemOf({
  '/etc/hosts': 'localhost',
  '/etc/link': '-> hosts',
  '/lib': '-> usr/lib',
  '/usr/lib/libc.so.6': Buffer.from([1, 2, 3]),
});

describe('a file system in memory', () => {
  it('has the folders that its files lie in', async () => {
    expect(await files.readDirectory('/', 10)).toMatchObject({
      value: [
        { name: 'etc', kind: 'directory' },
        { name: 'lib', kind: 'symlink' },
        { name: 'usr', kind: 'directory' },
      ],
    });
    expect(await files.stat('/usr/lib')).toMatchObject({ value: { kind: 'directory' } });
  });

  it('follows links', async () => {
    expect(await files.readFile('/etc/link', 100)).toMatchObject({ value: Buffer.from('localhost') });
    expect(await files.readFile('/lib/libc.so.6', 100)).toMatchObject({ value: Buffer.from([1, 2, 3]) });
    expect(await files.lstat('/lib')).toMatchObject({ value: { kind: 'symlink' } });
    expect(await files.readDirectory('/lib', 10)).toMatchObject({ value: [{ name: 'libc.so.6', kind: 'file' }] });
  });

  it('holds to its limits and says what is missing', async () => {
    expect(await files.readFile('/etc/hosts', 3)).toMatchObject({ error: { code: 'too-large' } });
    expect(await files.readDirectory('/', 2)).toMatchObject({ error: { code: 'too-many' } });
    expect(await files.readFile('/etc', 3)).toMatchObject({ error: { code: 'not-a-file' } });
    expect(await files.readDirectory('/etc/hosts', 3)).toMatchObject({ error: { code: 'not-a-directory' } });
    expect(await files.open('/nothing')).toMatchObject({ error: { code: 'not-found' } });
  });

  it('reads at any offset', async () => {
    const file = await files.open('/etc/hosts');
    if (!file.ok) throw new Error(file.error.message);
    expect((await file.value.read(5, 100)).toString()).toBe('host');
  });
});
