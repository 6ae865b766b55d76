import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { describe, expect, it } from 'vitest';
import { createSpool } from './spool.ts';

describe.each([
  ['a small file, in memory', 100],
  ['a large file, on disk', 64 * 1024 * 1024],
])('%s', (_, sizeBytes) => {
  it('is read in any order and leaves nothing behind', async () => {
    const before = readdirSync('/proc/self/fd').length;
    const spool = createSpool(sizeBytes);
    for (const part of ['some ', 'bytes ', 'in parts']) spool.write(Buffer.from(part));
    {
      await using file = spool.finish();
      expect(file.sizeBytes).toBe(19);
      expect((await file.read(5, 5)).toString()).toBe('bytes');
      expect((await file.read(11, 100)).toString()).toBe('in parts');
    }
    expect(readdirSync('/proc/self/fd').length).toBe(before);
    expect(readdirSync(tmpdir()).filter((name) => name.startsWith(`parapet-spool-${process.pid}-`))).toEqual([]);
  });
});
