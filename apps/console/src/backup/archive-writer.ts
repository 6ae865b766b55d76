import { createHash } from 'node:crypto';
import type { BackupMember } from './format.ts';

/** Takes bytes in order; resolves when more may come. */
export type Sink = (bytes: Buffer) => Promise<void>;

/** Writes members of a tar archive and remembers what it wrote. */
export type ArchiveWriter = {
  readonly add: (name: string, content: Buffer) => Promise<void>;
  readonly members: () => readonly BackupMember[];
  /** Bytes written so far, headers included. */
  readonly bytes: () => number;
  readonly end: () => Promise<void>;
};

export const createArchiveWriter = (sink: Sink, at: Date): ArchiveWriter => {
  const members: BackupMember[] = [];
  let bytes = 0;
  const write = async (chunk: Buffer): Promise<void> => {
    bytes += chunk.length;
    await sink(chunk);
  };
  return {
    members: () => members,
    bytes: () => bytes,
    add: async (name, content) => {
      await write(tarHeader(name, content.length, at));
      if (content.length > 0) await write(content);
      const padding = (blockBytes - (content.length % blockBytes)) % blockBytes;
      if (padding > 0) await write(Buffer.alloc(padding));
      members.push({ name, bytes: content.length, sha256: createHash('sha256').update(content).digest('hex') });
    },
    end: () => write(Buffer.alloc(2 * blockBytes)),
  };
};

export const blockBytes = 512;

/** A ustar header of a regular file (POSIX.1-1988, pax(1)). Names of ours are short, so no extension is needed. */
const tarHeader = (name: string, sizeBytes: number, at: Date): Buffer => {
  if (Buffer.byteLength(name) > 99) throw new Error(`The member name ${name} is too long.`);
  const block = Buffer.alloc(blockBytes);
  const octal = (value: number, length: number): string => `${value.toString(8).padStart(length - 1, '0')}\0`;
  block.write(name, 0, 'latin1');
  block.write(octal(0o600, 8), 100, 'latin1');
  block.write(octal(0, 8), 108, 'latin1');
  block.write(octal(0, 8), 116, 'latin1');
  block.write(octal(sizeBytes, 12), 124, 'latin1');
  block.write(octal(Math.trunc(at.getTime() / 1000), 12), 136, 'latin1');
  block.write('        ', 148, 'latin1');
  block.write('0', 156, 'latin1');
  block.write('ustar\u000000', 257, 'latin1');
  const sum = block.reduce((total, byte) => total + byte, 0);
  block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  return block;
};
