import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { lockFile } from './file-lock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-lock-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

it('is had by one at a time, and the other is told who has it', () => {
  const path = join(folder, 'lock');
  const first = lockFile(path);
  expect(first.ok).toBe(true);
  const second = lockFile(path);
  expect(second).toMatchObject({ ok: false, error: { code: 'locked', at: path } });
  if (!second.ok) expect(second.error.message).toContain(`pid ${process.pid}`);
  if (first.ok) first.value.release();
  const third = lockFile(path);
  expect(third.ok).toBe(true);
  if (third.ok) third.value.release();
});

it('can be released twice without harm', () => {
  const lock = lockFile(join(folder, 'lock'));
  if (!lock.ok) throw new Error(lock.error.message);
  lock.value.release();
  lock.value.release();
});

it('refuses a link and a folder that is not there', () => {
  symlinkSync('/etc/hostname', join(folder, 'link'));
  expect(lockFile(join(folder, 'link'))).toMatchObject({ ok: false, error: { code: 'unusable' } });
  expect(lockFile(join(folder, 'absent', 'lock'))).toMatchObject({ ok: false, error: { code: 'unusable' } });
});
