import { read as readCallback } from 'node:fs';
import { promisify } from 'node:util';
import { AppError } from '@parapet/core';
import { blockBytes } from './archive-writer.ts';
import { backupLimits } from './format.ts';

/** A file that can be read at any place. */
export type RandomAccess = {
  /** Exactly `length` bytes, or fewer at the end. */
  readonly readAt: (position: number, length: number) => Promise<Buffer>;
};

export type ArchiveEntry = { readonly name: string; readonly bytes: number; readonly position: number };

const read = promisify(readCallback);

/** Reads through a descriptor that somebody else opened, which need not be reachable by its path for us. */
export const readDescriptor = (fd: number): RandomAccess => ({
  readAt: async (position, length) => {
    const buffer = Buffer.allocUnsafe(length);
    let filled = 0;
    while (filled < length) {
      const { bytesRead } = await read(fd, buffer, filled, length - filled, position + filled);
      if (bytesRead === 0) break;
      filled += bytesRead;
    }
    return buffer.subarray(0, filled);
  },
});

/** The entries of an archive in order. Throws AppError `backup-broken` for what we would not have written. */
export async function* listEntries(file: RandomAccess): AsyncGenerator<ArchiveEntry> {
  let position = 0;
  for (let count = 0; ; count += 1) {
    if (count > backupLimits.members) throw brokenBackup('it has too many members');
    const header = await file.readAt(position, blockBytes);
    if (header.length < blockBytes) throw brokenBackup('it ends too early');
    if (header.every((byte) => byte === 0)) return;
    const entry = parseHeader(header, position + blockBytes);
    yield entry;
    position = entry.position + Math.ceil(entry.bytes / blockBytes) * blockBytes;
  }
}

export const readEntry = async (file: RandomAccess, entry: ArchiveEntry, maxBytes: number): Promise<Buffer> => {
  if (entry.bytes > maxBytes) throw brokenBackup(`${entry.name} is too large`);
  const content = await file.readAt(entry.position, entry.bytes);
  if (content.length < entry.bytes) throw brokenBackup('it ends too early');
  return content;
};

export const brokenBackup = (why: string): AppError =>
  new AppError('backup-broken', 400, `This file is no whole backup: ${why}. Nothing was changed. Take another one.`);

const parseHeader = (block: Buffer, position: number): ArchiveEntry => {
  if (block.toString('latin1', 257, 262) !== 'ustar') throw brokenBackup('it is no archive of Parapet');
  const stated = Number.parseInt(block.toString('latin1', 148, 154), 8);
  let sum = 8 * 32;
  for (let at = 0; at < blockBytes; at += 1) if (at < 148 || at >= 156) sum += block[at] ?? 0;
  if (sum !== stated) throw brokenBackup('a header in it is damaged');
  const end = block.indexOf(0);
  const digits = block.toString('latin1', 124, 135);
  const name = block.toString('latin1', 0, end < 0 ? 100 : Math.min(end, 100));
  if (!/^[0-7]{11}$/.test(digits) || block[156] !== 0x30) throw brokenBackup('a header in it is damaged');
  return { name, bytes: Number.parseInt(digits, 8), position };
};
