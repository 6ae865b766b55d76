import { closeSync, openSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RandomAccessFile } from '../file-system/file-system.ts';
import { descriptorAsFile } from '../file-system/folder-view.ts';
import { bytesAsFile } from '../file-system/memory.ts';

/** Collects one file that passes in a stream, so that it can be read in any order. */
export type Spool = {
  readonly write: (chunk: Buffer) => void;
  /** What was written; disposing of it frees it. */
  readonly finish: () => RandomAccessFile;
  readonly discard: () => void;
};

/** Larger files pass through the disk: half of the memory of a scan is enough for one file. */
const maxMemoryBytes = 24 * 1024 * 1024;

let count = 0;

/** Of `sizeBytes` at most. A large one lies in a file that has no name any more, and is gone with the process. */
export const createSpool = (sizeBytes: number, folder = tmpdir()): Spool =>
  sizeBytes <= maxMemoryBytes ? memorySpool(sizeBytes) : fileSpool(folder);

const memorySpool = (sizeBytes: number): Spool => {
  const content = Buffer.allocUnsafeSlow(sizeBytes);
  let filled = 0;
  return {
    write: (chunk) => {
      filled += chunk.copy(content, filled);
    },
    finish: () => bytesAsFile(content.subarray(0, filled)),
    discard: () => {},
  };
};

const fileSpool = (folder: string): Spool => {
  count += 1;
  const path = join(folder, `parapet-spool-${process.pid}-${Date.now()}-${count}`);
  const descriptor = openSync(path, 'wx+', 0o600);
  unlinkSync(path);
  let filled = 0;
  return {
    write: (chunk) => {
      for (let at = 0; at < chunk.length; ) at += writeSync(descriptor, chunk, at, chunk.length - at, filled + at);
      filled += chunk.length;
    },
    finish: () => descriptorAsFile(descriptor, filled),
    discard: () => closeSync(descriptor),
  };
};
