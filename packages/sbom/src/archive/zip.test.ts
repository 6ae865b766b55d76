import { describe, expect, it } from 'vitest';
import { bytesAsFile } from '../file-system/memory.ts';
import { zipOf } from '../testing/zip.ts';
import { openZip } from './zip.ts';

const read = async (archive: Buffer, maxBytes = 1000): Promise<Record<string, string>> => {
  const zip = await openZip(bytesAsFile(archive), () => true);
  const files: Record<string, string> = {};
  for (const entry of zip.entries) files[entry.name] = (await zip.read(entry, maxBytes)).toString();
  return files;
};

const files = { 'a.txt': 'first', 'folder/b.txt': 'second '.repeat(20) };

describe('a zip archive', () => {
  it.each([
    ['compressed', {}],
    ['stored', { stored: true }],
    ['after a program', { prefix: Buffer.from('#!/bin/sh\nexec java -jar "$0"\n') }],
  ])('%s', async (_, options) => expect(await read(zipOf(files, options))).toEqual(files));

  it('with a comment', async () => {
    const archive = zipOf(files);
    archive.writeUInt16LE(7, archive.length - 2);
    expect(await read(Buffer.concat([archive, Buffer.from('comment')]))).toEqual(files);
  });

  it('unpacks no more than asked for, whatever it states', async () => {
    const archive = zipOf({ bomb: Buffer.alloc(1_000_000) });
    await expect(read(archive)).rejects.toThrow('more than 1000 bytes');
    const lying = Buffer.from(archive);
    const at = lying.indexOf('PK\x01\x02', 0, 'latin1');
    lying.writeUInt32LE(10, at + 24);
    lying.writeUInt32LE(900, at + 20);
    await expect(read(lying)).rejects.toThrow();
  });

  it.each(['', 'PK', 'no archive at all '.repeat(10)])('that is none: %s', async (text) => {
    await expect(read(Buffer.from(text))).rejects.toThrow('no zip archive');
  });

  it('survives damage', async () => {
    const archive = zipOf(files);
    for (let at = 0; at < archive.length; at += 1) {
      const flipped = Buffer.from(archive);
      flipped[at] = (flipped[at] ?? 0) ^ 0xff;
      await read(flipped).catch((error: unknown) => expect(error).toBeInstanceOf(Error));
      await read(archive.subarray(0, at)).catch((error: unknown) => expect(error).toBeInstanceOf(Error));
    }
  });
});
