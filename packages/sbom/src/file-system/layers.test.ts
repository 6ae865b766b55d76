import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FileSystem } from './file-system.ts';
import { openDirectory, openLayers } from './layers.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'parapet-files-'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const put = (path: string, content = path): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
};

const opened = async (result: ReturnType<typeof openDirectory>): Promise<FileSystem> => {
  const outcome = await result;
  if (!outcome.ok) throw new Error(outcome.error.message);
  return outcome.value;
};

const textOf = async (fileSystem: FileSystem, path: string): Promise<string> => {
  const content = await fileSystem.readFile(path, 1_000_000);
  return content.ok ? content.value.toString() : content.error.code;
};

const namesIn = async (fileSystem: FileSystem, path: string): Promise<string> => {
  const entries = await fileSystem.readDirectory(path, 1000);
  return entries.ok ? entries.value.map(({ name, kind }) => `${name}:${kind}`).join(' ') : entries.error.code;
};

describe('a folder', () => {
  it('reads files, folders and their kinds', async () => {
    put('etc/hosts', 'localhost');
    put('etc/.hidden');
    symlinkSync('hosts', join(root, 'etc/link'));
    execFileSync('mkfifo', [join(root, 'etc/pipe')]);
    await using files = await opened(openDirectory(root));
    expect(await textOf(files, '/etc/hosts')).toBe('localhost');
    expect(await textOf(files, '/etc/link')).toBe('localhost');
    expect(await namesIn(files, '/etc')).toBe('.hidden:file hosts:file link:symlink pipe:other');
    expect(await namesIn(files, '/')).toBe('etc:directory');
    expect(await files.lstat('/etc/link')).toMatchObject({ value: { kind: 'symlink' } });
    expect(await files.stat('/etc/link')).toMatchObject({ value: { kind: 'file', sizeBytes: 9 } });
    expect(await files.stat('/')).toMatchObject({ value: { kind: 'directory' } });
  });

  it('never leaves the root, by whatever link', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'parapet-outside-'));
    writeFileSync(join(outside, 'secret'), 'secret');
    put('etc/hosts');
    symlinkSync(join(outside, 'secret'), join(root, 'absolute'));
    symlinkSync(`../../../../../../..${outside}/secret`, join(root, 'relative'));
    symlinkSync(outside, join(root, 'folder'));
    symlinkSync(`/proc/self/root${outside}`, join(root, 'magic'));
    await using files = await opened(openDirectory(root));
    for (const path of ['/absolute', '/relative', '/folder/secret', '/magic/secret', `/../..${outside}/secret`]) {
      expect([path, await textOf(files, path)]).toEqual([path, 'not-found']);
    }
    expect(await namesIn(files, '/folder')).toBe('not-found');
    rmSync(outside, { recursive: true });
  });

  it('does not follow a link that takes the place of a folder after it was looked at', async () => {
    const outside = mkdtempSync(join(tmpdir(), 'parapet-outside-'));
    mkdirSync(join(outside, 'dpkg'));
    writeFileSync(join(outside, 'dpkg/status'), 'secret');
    put('var/lib/dpkg/status', 'true');
    await using files = await opened(openDirectory(root));
    expect(await textOf(files, '/var/lib/dpkg/status')).toBe('true');
    renameSync(join(root, 'var/lib'), join(root, 'var/old'));
    symlinkSync(outside, join(root, 'var/lib'));
    expect(await textOf(files, '/var/lib/dpkg/status')).toBe('true');
    await using fresh = await opened(openDirectory(root));
    expect(await textOf(fresh, '/var/lib/dpkg/status')).toBe('not-found');
    rmSync(outside, { recursive: true });
  });

  it('neither blocks on a FIFO nor reads folders and devices', async () => {
    execFileSync('mkfifo', [join(root, 'pipe')]);
    put('folder/file');
    await using files = await opened(openDirectory(root));
    expect(await textOf(files, '/pipe')).toBe('not-a-file');
    expect(await textOf(files, '/folder')).toBe('not-a-file');
    expect(await textOf(files, '/')).toBe('not-a-file');
    expect(await textOf(files, '/folder/file/x')).toBe('not-a-directory');
    expect(await namesIn(files, '/folder/file')).toBe('not-a-directory');
  });

  it('holds to its limits', async () => {
    put('big', 'x'.repeat(1001));
    put('many/a');
    put('many/b');
    await using files = await opened(openDirectory(root));
    expect(await files.readFile('/big', 1000)).toMatchObject({ ok: false, error: { code: 'too-large' } });
    expect(await files.readFile('/big', 1001)).toMatchObject({ ok: true });
    expect(await files.readDirectory('/many', 1)).toMatchObject({ ok: false, error: { code: 'too-many' } });
  });

  it('reads at any offset', async () => {
    put('database', '0123456789');
    await using files = await opened(openDirectory(root));
    const file = await files.open('/database');
    if (!file.ok) throw new Error(file.error.message);
    await using database = file.value;
    expect(database.sizeBytes).toBe(10);
    expect((await database.read(3, 4)).toString()).toBe('3456');
    expect((await database.read(8, 10)).toString()).toBe('89');
    expect((await database.read(100, 1)).length).toBe(0);
  });

  it('reads what the kernel makes up, which has no size', async () => {
    await using files = await opened(openDirectory('/proc'));
    expect(await textOf(files, '/self/comm')).not.toBe('');
  });

  it('closes every descriptor, however many folders it saw', async () => {
    const before = readdirSync('/proc/self/fd').length;
    for (let index = 0; index < 200; index += 1) put(`d${index}/e/file`);
    {
      await using files = await opened(openDirectory(root));
      await Promise.all(Array.from({ length: 200 }, (_, index) => textOf(files, `/d${index}/e/file`)));
      expect(await textOf(files, '/d0/e/file')).toBe('d0/e/file');
    }
    expect(readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before + 1);
  });

  it('says when the root is not there', async () => {
    expect(await openDirectory(join(root, 'missing'))).toMatchObject({ ok: false, error: { code: 'unreadable' } });
  });
});

describe('overlay layers', () => {
  const layered = (...names: string[]): Promise<FileSystem> =>
    opened(openLayers(names.map((name) => join(root, name))));

  it('shows the uppermost of each name and joins folders', async () => {
    put('lower/etc/a', 'lower a');
    put('lower/etc/b', 'lower b');
    put('upper/etc/b', 'upper b');
    put('upper/etc/c', 'upper c');
    await using files = await layered('upper', 'lower');
    expect(await namesIn(files, '/etc')).toBe('a:file b:file c:file');
    expect(await textOf(files, '/etc/a')).toBe('lower a');
    expect(await textOf(files, '/etc/b')).toBe('upper b');
  });

  it('hides what a .wh. file deletes, folders with all their content', async () => {
    put('lower/etc/a');
    put('lower/var/lib/x');
    put('upper/etc/.wh.a');
    put('upper/.wh.var');
    await using files = await layered('upper', 'lower');
    expect(await namesIn(files, '/')).toBe('etc:directory');
    expect(await namesIn(files, '/etc')).toBe('');
    expect(await textOf(files, '/etc/a')).toBe('not-found');
    expect(await textOf(files, '/var/lib/x')).toBe('not-found');
  });

  it('hides below an opaque folder, said by file or by the caller', async () => {
    put('lower/etc/a');
    put('upper/etc/.wh..wh..opq', '');
    put('upper/etc/b');
    put('lower/opt/a');
    put('upper/opt/b');
    const isOpaque = async (path: string): Promise<boolean> => path.endsWith('/opt');
    const result = openLayers([join(root, 'upper'), join(root, 'lower')], { isOpaque });
    await using files = await opened(result);
    expect(await textOf(files, '/etc/a')).toBe('not-found');
    expect(await textOf(files, '/etc/b')).toBe('upper/etc/b');
    expect(await namesIn(files, '/opt')).toBe('b:file');
  });

  it('lets a file hide a folder, and a folder a file', async () => {
    put('lower/x/inner');
    put('upper/x', 'now a file');
    put('lower/y', 'was a file');
    put('upper/y/inner', 'now inside');
    await using files = await layered('upper', 'lower');
    expect(await textOf(files, '/x')).toBe('now a file');
    expect(await textOf(files, '/x/inner')).toBe('not-a-directory');
    expect(await textOf(files, '/y/inner')).toBe('now inside');
  });

  it('resolves links across layers', async () => {
    put('lower/usr/lib/os-release', 'ID=debian');
    mkdirSync(join(root, 'upper/etc'), { recursive: true });
    symlinkSync('../usr/lib/os-release', join(root, 'upper/etc/os-release'));
    await using files = await layered('upper', 'lower');
    expect(await textOf(files, '/etc/os-release')).toBe('ID=debian');
  });

  it.skipIf(process.getuid?.() !== 0)("understands the overlay's own whiteouts (needs root)", async () => {
    put('lower/etc/a');
    put('lower/etc/b');
    mkdirSync(join(root, 'upper/etc'), { recursive: true });
    execFileSync('mknod', [join(root, 'upper/etc/a'), 'c', '0', '0']);
    await using files = await layered('upper', 'lower');
    expect(await namesIn(files, '/etc')).toBe('b:file');
    expect(await textOf(files, '/etc/a')).toBe('not-found');
  });
});
