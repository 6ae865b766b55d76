import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { encodeRecord, readRecord, recordFileHeader, recordHeadBytes } from './record-file.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-records-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const header = recordFileHeader('TEST', 3);

const readAll = (bytes: Buffer, maxBytes = 1000): string[] => {
  const path = join(folder, 'file');
  writeFileSync(path, bytes);
  const fd = openSync(path, 'r');
  const found: string[] = [];
  let at = header.length;
  for (let content = readRecord(fd, at, maxBytes); content !== undefined; content = readRecord(fd, at, maxBytes)) {
    found.push(content.toString());
    at += recordHeadBytes + content.length;
  }
  closeSync(fd);
  return found;
};

const file = Buffer.concat([
  header,
  encodeRecord(Buffer.from('one')),
  encodeRecord(Buffer.from('two '), Buffer.from('parts')),
  encodeRecord(),
  encodeRecord(Buffer.from('last')),
]);

it('reads what was written, parts as one, empty ones too', () => {
  expect(header.toString('latin1')).toBe('TEST\0\0\0\x03');
  expect(readAll(file)).toEqual(['one', 'two parts', '', 'last']);
});

it('finds every whole record before a cut, wherever it is', () => {
  let most = 0;
  for (let length = header.length; length <= file.length; length += 1) {
    const found = readAll(file.subarray(0, length));
    expect(['one', 'two parts', '', 'last'].slice(0, found.length)).toEqual(found);
    expect(found.length).toBeGreaterThanOrEqual(most);
    most = found.length;
  }
  expect(most).toBe(4);
});

it('stops at a flipped byte and never takes a wrong one for right', () => {
  for (let at = header.length; at < file.length; at += 1) {
    const broken = Buffer.from(file);
    broken[at] = (broken[at] ?? 0) ^ 0x10;
    const found = readAll(broken);
    expect(found.length).toBeLessThan(4);
    expect(['one', 'two parts', '', 'last'].slice(0, found.length)).toEqual(found);
  }
});

it('does not take a record beyond the limit', () => {
  expect(readAll(file, 5)).toEqual(['one']);
});
