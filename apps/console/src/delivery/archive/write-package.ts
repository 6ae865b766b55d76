import { createHash, randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { tarEnd, tarHeader, tarPadding } from '@parapet/core';
import type { ArchiveFile } from './archive-files.ts';

/** An entry of a tar archive with what it holds. */
export type TarItem =
  | { readonly kind: 'folder'; readonly path: string }
  | { readonly kind: 'link'; readonly path: string; readonly target: string }
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly mode: number;
      readonly sizeBytes: number;
      readonly content: ArchiveFile['content'] | { readonly kind: 'tar'; readonly items: readonly TarItem[] };
    };

/** The bytes of a tar archive, as they are read. Throws when a file is not as long as it was said to be. */
export async function* tarOf(items: readonly TarItem[]): AsyncGenerator<Buffer> {
  for (const item of items) {
    const sizeBytes = item.kind === 'file' ? item.sizeBytes : 0;
    yield tarHeader({ ...item, mode: item.kind === 'file' ? item.mode : 0o755, sizeBytes });
    if (item.kind !== 'file') continue;
    let read = 0;
    for await (const chunk of contentOf(item.content)) {
      read += chunk.length;
      yield chunk;
    }
    if (read !== sizeBytes) throw new Error(`${item.path} changed while it was packed`);
    yield tarPadding(sizeBytes);
  }
  yield tarEnd();
}

/** What a tar archive of these items takes. */
export const tarBytes = (items: readonly TarItem[]): number =>
  items.reduce((sum, item) => {
    const size = item.kind === 'file' ? item.sizeBytes : 0;
    return sum + 512 + size + tarPadding(size).length;
  }, tarEnd().length);

/** Every folder above the paths, each once and before what is in it. */
export const foldersAbove = (paths: readonly string[]): readonly TarItem[] => {
  const folders = new Set<string>();
  for (const path of paths) {
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) folders.add(path.slice(0, at));
  }
  return [...folders].sort().map((path) => ({ kind: 'folder', path }));
};

/** Level 6: the best one makes 0.5 % less of Node in twice the time. */
const gzipLevel = 6;

/** Compresses into `dir` under the hash of the result. Nothing half is ever under that name. */
export const writePackage = async (
  bytes: AsyncIterable<Buffer>,
  dir: string,
): Promise<{ readonly sha256: string; readonly sizeBytes: number }> => {
  const fresh = join(dir, `.${randomUUID()}.new`);
  try {
    const hash = createHash('sha256');
    const tap = new Transform({
      transform: (chunk: Buffer, _encoding, done) => {
        hash.update(chunk);
        done(null, chunk);
      },
    });
    await pipeline(
      Readable.from(bytes, { objectMode: false, highWaterMark: 1024 * 1024 }),
      createGzip({ level: gzipLevel, chunkSize: 256 * 1024 }),
      tap,
      createWriteStream(fresh, { mode: 0o600, flags: 'wx' }),
    );
    await using written = await open(fresh, 'r');
    await written.sync();
    const sha256 = hash.digest('hex');
    const { size } = await stat(fresh);
    await rename(fresh, join(dir, `${sha256}.tar.gz`));
    return { sha256, sizeBytes: size };
  } catch (error) {
    await rm(fresh, { force: true });
    throw error;
  }
};

async function* contentOf(content: Extract<TarItem, { kind: 'file' }>['content']): AsyncGenerator<Buffer> {
  switch (content.kind) {
    case 'text':
      yield Buffer.from(content.text);
      return;
    case 'tar':
      yield* tarOf(content.items);
      return;
    case 'file':
      for await (const chunk of createReadStream(content.path, { highWaterMark: 1024 * 1024 })) yield chunk as Buffer;
  }
}
