import { closeSync, createReadStream, mkdirSync, openSync, symlinkSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { createTarReader, TarError, type TarHeader, type TarSink } from '@parapet/core';
import { failureOf, UpgradeFailure } from './failure.ts';

export const unpackLimits = {
  entries: 4096,
  /** Of all files together: a whole Node with its libraries is a fifth of this. */
  bytes: 1024 * 1024 * 1024,
  /** Unpacked to packed. */
  ratio: 12,
  pathBytes: 512,
} as const;

export type Unpacked = {
  readonly files: readonly string[];
  readonly folders: readonly string[];
  readonly bytes: number;
};

/**
 * Unpacks a gzipped tar archive, whose entries all lie in one folder `top`, into an empty folder. Only files, folders and links to a neighbour are taken; anything that
 * could lie or point outside is an `UpgradeFailure`. Returns what must be brought onto the disk before it counts.
 */
export const unpackArchive = async (
  path: string,
  folder: string,
  top: string,
  packedBytes: number,
  signal: AbortSignal,
): Promise<Unpacked> => {
  const files: string[] = [];
  const folders = new Set([folder]);
  const limit = Math.min(unpackLimits.bytes, packedBytes * unpackLimits.ratio + 1024 * 1024);
  let bytes = 0;
  const openFiles = new Set<number>();

  const makeFolder = (name: string): void => {
    for (let at = name.indexOf('/'); ; at = name.indexOf('/', at + 1)) {
      const part = join(folder, at === -1 ? name : name.slice(0, at));
      if (!folders.has(part)) mkdirSync(part, { mode: 0o755 });
      folders.add(part);
      if (at === -1) return;
    }
  };

  const onEntry = (header: TarHeader): TarSink | undefined => {
    const name = safeName(header.path, top);
    if (name === undefined) return undefined;
    const target = join(folder, name);
    switch (header.kind) {
      case 'directory':
        makeFolder(name);
        return undefined;
      case 'symlink':
        if (!/^[A-Za-z0-9._+-]+$/.test(header.linkTarget) || header.linkTarget.startsWith('..')) throw unsafe(name);
        if (name.includes('/')) makeFolder(dirname(name));
        symlinkSync(header.linkTarget, target);
        return undefined;
      case 'file': {
        bytes += header.sizeBytes;
        if (bytes > limit) throw new UpgradeFailure('unpack', 'The archive unpacks to more than it may.');
        if (name.includes('/')) makeFolder(dirname(name));
        // `wx`: what is there already, a link above all, is never written through.
        const fd = openSync(target, 'wx', header.isExecutable ? 0o755 : 0o644);
        openFiles.add(fd);
        files.push(target);
        return {
          write: (chunk) => writeAll(fd, chunk),
          end: () => {
            closeSync(fd);
            openFiles.delete(fd);
          },
        };
      }
      case 'hard-link':
      case 'other':
        throw unsafe(name);
    }
  };

  const reader = createTarReader({ onEntry, maxEntries: unpackLimits.entries });
  try {
    const take = async (plain: AsyncIterable<Buffer>): Promise<void> => {
      for await (const chunk of plain) reader.write(chunk);
    };
    await pipeline(createReadStream(path), createGunzip(), take, { signal });
    reader.finish();
  } catch (error) {
    if (error instanceof TarError) throw new UpgradeFailure('unpack', error.message);
    throw failureOf(error, 'unpack');
  } finally {
    for (const fd of openFiles) closeSync(fd);
  }
  return { files, folders: [...folders], bytes };
};

const unsafe = (name: string): UpgradeFailure =>
  new UpgradeFailure('unpack', `The archive holds "${name.slice(0, 200)}", which may not be in one.`);

/** The path below the archive's one folder; `undefined` for the folder itself. */
const safeName = (path: string, top: string): string | undefined => {
  const parts = path.split('/').filter((part) => part !== '' && part !== '.');
  if (path.startsWith('/') || parts.includes('..') || path.includes('\0') || path.length > unpackLimits.pathBytes) {
    throw unsafe(path);
  }
  if (parts.length > 0 && parts[0] !== top) throw unsafe(path);
  return parts.length < 2 ? undefined : parts.slice(1).join('/');
};

const writeAll = (fd: number, chunk: Buffer): void => {
  let at = 0;
  while (at < chunk.length) at += writeSync(fd, chunk, at, chunk.length - at);
};
