import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRotatingFile } from './rotating-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-rotating-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('files stay below their size and number', () => {
  const file = createRotatingFile(join(folder, 'a.log'), 1_000, 2);
  for (let count = 0; count < 200; count += 1) file.write(`${'x'.repeat(98)}\n`);
  file.close();
  expect(readdirSync(folder).sort()).toEqual(['a.log', 'a.log.1', 'a.log.2']);
  for (const name of readdirSync(folder)) expect(statSync(join(folder, name)).size).toBeLessThanOrEqual(1_000);
});

test('a line that comes after the end goes nowhere, though the descriptor has another owner by then', () => {
  const file = createRotatingFile(join(folder, 'a.log'), 1_000, 2);
  file.write('first\n');
  file.close();
  const other = join(folder, 'other');
  const descriptor = openSync(other, 'w');
  file.write('late\n');
  file.close();
  closeSync(descriptor);
  expect(readFileSync(other, 'utf8')).toBe('');
  expect(readFileSync(join(folder, 'a.log'), 'utf8')).toBe('first\n');
});

test('what could not be written while it could not rotate is counted in the next line that fits', () => {
  const path = join(folder, 'a.log');
  const file = createRotatingFile(path, 100, 1);
  // A folder in the way of the rotated file that cannot be replaced by a file.
  mkdirSync(`${path}.1`);
  writeFileSync(join(`${path}.1`, 'x'), '');
  file.write(`${'x'.repeat(98)}\n`);
  file.write('lost\n');
  rmSync(`${path}.1`, { recursive: true });
  file.write('kept\n');
  file.close();
  expect(readFileSync(path, 'utf8')).toContain('"lost":1');
  expect(readFileSync(path, 'utf8')).toContain('kept\n');
});
