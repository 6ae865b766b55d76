import { execFileSync } from 'node:child_process';
import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openRootFolder } from './safe-open.ts';

let outer: string;
let root: string;

beforeAll(() => {
  outer = mkdtempSync(join(tmpdir(), 'parapet-root-'));
  root = join(outer, 'root');
  mkdirSync(join(root, 'etc/deep/er'), { recursive: true });
  writeFileSync(join(outer, 'secret'), 'outside');
  writeFileSync(join(root, 'secret'), 'inside');
  writeFileSync(join(root, 'etc/file'), 'plain');
  symlinkSync('/secret', join(root, 'absolute'));
  symlinkSync('../../../../../../../secret', join(root, 'etc/deep/er/relative'));
  symlinkSync('/etc/deep', join(root, 'folder'));
  symlinkSync('folder/er/relative', join(root, 'chain'));
  symlinkSync('loop', join(root, 'loop'));
  symlinkSync('/proc/self/root/secret', join(root, 'magic'));
  symlinkSync('nowhere', join(root, 'broken'));
  execFileSync('mkfifo', [join(root, 'pipe')]);
});

afterAll(() => rmSync(outer, { recursive: true }));

describe.each(['openat2', 'walk'] as const)('openRootFolder by %s', (method) => {
  const read = (path: string): string => {
    using folder = openRootFolder(root, { method });
    const opened = folder.open(path, 'file');
    if (!opened.ok) return opened.error.code;
    try {
      return readFileSync(opened.value, 'utf8');
    } finally {
      closeSync(opened.value);
    }
  };

  it.each([
    ['etc/file', 'plain'],
    ['/etc/file', 'plain'],
    ['./etc//deep/../file', 'plain'],
    ['../../secret', 'inside'],
    ['absolute', 'inside'],
    ['etc/deep/er/relative', 'inside'],
    ['folder/er/relative', 'inside'],
    ['chain', 'inside'],
    ['loop', 'eloop'],
    ['magic', 'enoent'],
    ['broken', 'enoent'],
    ['absent', 'enoent'],
    ['etc/file/below', 'enotdir'],
    ['etc', 'einval'],
    ['etc/zero\0byte', 'einval'],
  ])('%s gives %s', (path, expected) => {
    expect(read(path)).toBe(expected);
  });

  it('neither waits for a pipe nor opens it', () => {
    expect(read('pipe')).toBe('einval');
  });

  it('opens folders, and the root itself', () => {
    using folder = openRootFolder(root, { method });
    for (const [path, member] of [
      ['/', 'secret'],
      ['', 'secret'],
      ['folder', 'er'],
    ] as const) {
      const opened = folder.open(path, 'folder');
      if (!opened.ok) throw new Error(opened.error.message);
      expect(readdirSync(`/proc/self/fd/${opened.value}`)).toContain(member);
      closeSync(opened.value);
    }
    expect(folder.open('etc/file', 'folder')).toMatchObject({ ok: false, error: { code: 'enotdir' } });
  });

  it('stays on the mount of the root where that is asked for', () => {
    using folder = openRootFolder('/', { method, staysOnMount: true });
    expect(folder.open('proc/self', 'folder')).toMatchObject({ ok: false, error: { code: 'exdev' } });
    const opened = folder.open('etc', 'folder');
    if (opened.ok) closeSync(opened.value);
    expect(opened.ok).toBe(true);
    expect(folder.mountId()).toBeGreaterThan(0);
  });

  it('leaves no descriptors behind', () => {
    const count = (): number => readdirSync('/proc/self/fd').length;
    read('chain');
    const before = count();
    for (const path of ['chain', 'loop', 'pipe', 'etc', 'absent', 'etc/file/below', 'magic']) read(path);
    expect(count()).toBe(before);
  });
});

it('says that a root is not there', () => {
  expect(() => openRootFolder('/nonexistent')).toThrow('ENOENT');
});
