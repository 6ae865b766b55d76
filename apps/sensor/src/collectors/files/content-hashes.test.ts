import { createHash } from 'node:crypto';
import { appendFileSync, mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openRootFolder } from '@parapet/kernel';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openRoot } from '../../proc/process-root.ts';
import { createContentHashes } from './content-hashes.ts';
import type { FileAction, FileChange } from './file-change.ts';
import { createFirstContents } from './first-contents.ts';
import { createWatchedPaths } from './watched-paths.ts';

let rootPath = '';
const at = (path: string): string => join(rootPath, path);
beforeEach(() => {
  rootPath = mkdtempSync(join(tmpdir(), 'hashes-'));
  for (const folder of ['etc/deep', 'home/ann/.ssh', 'srv']) mkdirSync(at(folder), { recursive: true });
});
afterEach(() => rmSync(rootPath, { recursive: true, force: true }));

const paths = createWatchedPaths(['/etc', '/home/*/.ssh']);
const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const change = (action: FileAction, path: string, more: Partial<FileChange> = {}): FileChange => ({
  ...{ action, path, target: undefined, isFolder: false, pid: 7 },
  ...more,
});
const start = () => {
  const hashes = createContentHashes(paths, () => 0);
  const place = { container: undefined, openRoot: () => openRoot(rootPath) };
  return { hashes, of: (each: FileChange) => hashes.ofChange(each, place) };
};

describe('hashes of changed files', () => {
  it('know what was there before from the first look on, and what it became', () => {
    writeFileSync(at('etc/deep/one'), 'first');
    writeFileSync(at('home/ann/.ssh/keys'), 'key');
    writeFileSync(at('srv/other'), 'not followed');
    const { hashes, of } = start();
    const openAgain = () => openRoot(rootPath);
    const first = createFirstContents({ rootPath, openRoot: openAgain, paths, hashes, foreign: new Set() });
    for (let turns = 0; turns < 5; turns += 1) first.step(0);
    writeFileSync(at('etc/deep/one'), 'second');
    expect(of(change('file-write', '/etc/deep/one'))).toEqual({ before: sha256('first'), after: sha256('second') });
    expect(of(change('file-write', '/etc/deep/one'))).toEqual({ before: sha256('second'), after: sha256('second') });
    expect(of(change('file-delete', '/home/ann/.ssh/keys'))).toEqual({ before: sha256('key') });
    expect(of(change('file-write', '/srv/other'))).toEqual({});
  });

  it('follow a file that is put in the place of another one', () => {
    const { of } = start();
    writeFileSync(at('etc/passwd'), 'old');
    of(change('file-write', '/etc/passwd'));
    writeFileSync(at('etc/passwd+'), 'new');
    expect(of(change('file-write', '/etc/passwd+'))).toEqual({ before: undefined, after: sha256('new') });
    renameSync(at('etc/passwd+'), at('etc/passwd'));
    expect(of(change('file-rename', '/etc/passwd+', { target: '/etc/passwd' }))).toEqual({
      before: sha256('old'),
      after: sha256('new'),
    });
    expect(of(change('file-rename', '/etc/passwd', { target: undefined }))).toEqual({});
  });

  it('are of files that were found, not of those only just created, of folders, or of rights', () => {
    const { of } = start();
    writeFileSync(at('etc/found'), 'x');
    expect(of(change('file-create', '/etc/found', { pid: 0 }))).toMatchObject({ after: sha256('x') });
    expect(of(change('file-create', '/etc/found'))).toEqual({});
    expect(of(change('file-permission', '/etc/found'))).toEqual({});
    expect(of(change('file-rename', '/etc/a', { target: '/etc/deep', isFolder: true }))).toEqual({});
  });

  it('say why there is none', () => {
    const { of } = start();
    expect(of(change('file-write', '/etc/nothing'))).toMatchObject({ absent: 'gone' });
    symlinkSync('/dev/zero', at('etc/device'));
    expect(of(change('file-write', '/etc/device'))).toMatchObject({ absent: 'gone' });
    writeFileSync(at('etc/large'), Buffer.alloc(5_000_000));
    expect(of(change('file-write', '/etc/large'))).toMatchObject({ absent: 'large' });
    writeFileSync(at('etc/much'), Buffer.alloc(4_000_000));
    const found = Array.from({ length: 20 }, () => of(change('file-write', '/etc/much')).absent);
    expect(found[0]).toBeUndefined();
    expect(found).toContain('busy');
  });

  it('know nothing of a file any more that could not be read', () => {
    const { of } = start();
    writeFileSync(at('etc/one'), 'x');
    of(change('file-write', '/etc/one'));
    appendFileSync(at('etc/one'), Buffer.alloc(5_000_000));
    expect(of(change('file-write', '/etc/one'))).toEqual({ before: sha256('x'), absent: 'large' });
    expect(of(change('file-delete', '/etc/one'))).toEqual({ before: undefined });
  });

  it('are told apart by container, whose links lead nowhere else', () => {
    const hashes = createContentHashes(paths);
    writeFileSync(at('etc/one'), 'x');
    writeFileSync(at('srv/secret'), 'outside');
    mkdirSync(at('srv/root/etc'), { recursive: true });
    symlinkSync(at('srv/secret'), at('srv/root/etc/one'));
    hashes.learn(openRootFolder(rootPath), '/etc/one');
    const place = { container: 'c', openRoot: () => openRoot(at('srv/root')) };
    expect(hashes.ofChange(change('file-write', '/etc/one'), place)).toEqual({ before: undefined, absent: 'gone' });
  });
});
