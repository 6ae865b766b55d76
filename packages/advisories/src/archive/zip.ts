import { type FileHandle, open } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { crc32, inflateRawSync } from 'node:zlib';
import { fail, messageOf, ok, type Problem, problem, type Result } from '@parapet/core';
import { type Entry, fromRandomAccessReaderPromise, RandomAccessReader } from 'yauzl';

export type ReadZipOptions = {
  readonly maxEntries: number;
  /** Unpacked, of one entry. */
  readonly maxEntryBytes: number;
  readonly wanted: (name: string) => boolean;
  readonly onEntry: (name: string, content: Buffer) => void;
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: number) => void;
};

/**
 * Reads the wanted entries of a zip of many small files, one after the other, each checked by its CRC. Entries are inflated
 * from a window of the file: opening a stream for each costs fifteen times as much. Entries that are too large, encrypted,
 * outside the archive's folder or more than the limit make the whole archive a failure.
 */
export const readZip = async (path: string, options: ReadZipOptions): Promise<Result<void, Problem>> => {
  await using handle = await open(path, 'r');
  const { size } = await handle.stat();
  const contents = createWindow(handle, size);
  let entries = 0;
  try {
    const zip = await fromRandomAccessReaderPromise(new WindowReader(createWindow(handle, size)), size, {
      lazyEntries: true,
      autoClose: false,
    });
    if (zip.entryCount > options.maxEntries) return fail(tooMany(options.maxEntries));
    for await (const entry of zip.eachEntry()) {
      entries += 1;
      if (entries > options.maxEntries) return fail(tooMany(options.maxEntries));
      if (!options.wanted(entry.fileName)) continue;
      const content = await readEntry(entry, contents, size, options.maxEntryBytes);
      if (!content.ok) return content;
      options.onEntry(entry.fileName, content.value);
      if (entries % entriesPerPause === 0) {
        options.signal.throwIfAborted();
        options.onProgress?.(entries / Math.max(zip.entryCount, 1));
        await new Promise(setImmediate);
      }
    }
    return ok(undefined);
  } catch (error) {
    options.signal.throwIfAborted();
    return fail(problem('broken-archive', `The zip file is broken or incomplete: ${messageOf(error)}`, path));
  }
};

/** Often enough for the event loop to serve others. */
const entriesPerPause = 200;

const windowBytes = 1024 * 1024;
const localHeaderBytes = 30;

const tooMany = (maxEntries: number): Problem =>
  problem('too-many', `The zip file has more than ${maxEntries} entries.`);

const readEntry = async (
  entry: Entry,
  window: Window,
  archiveBytes: number,
  maxBytes: number,
): Promise<Result<Buffer, Problem>> => {
  const name = entry.fileName.slice(0, 256);
  if (entry.uncompressedSize > maxBytes || entry.compressedSize > archiveBytes) {
    return fail(problem('too-large', `An entry is larger than ${maxBytes} bytes.`, name));
  }
  if (entry.isEncrypted() || (entry.compressionMethod !== 0 && entry.compressionMethod !== 8)) {
    return fail(problem('unsupported-entry', 'An entry is encrypted or packed in an unknown way.', name));
  }
  const header = await window.read(entry.relativeOffsetOfLocalHeader, localHeaderBytes);
  const start =
    entry.relativeOffsetOfLocalHeader + localHeaderBytes + header.readUInt16LE(26) + header.readUInt16LE(28);
  const packed = await window.read(start, entry.compressedSize);
  const content =
    entry.compressionMethod === 0
      ? Buffer.from(packed)
      : inflateRawSync(packed, { maxOutputLength: Math.max(entry.uncompressedSize, 1) });
  if (content.length === entry.uncompressedSize && crc32(content) === entry.crc32) return ok(content);
  return fail(problem('broken-archive', 'An entry does not have its stated size and checksum.', name));
};

type Window = { readonly read: (offset: number, length: number) => Promise<Buffer> };

/** Serves small reads in sequence from one large one. Throws when the file ends before `length` bytes. */
const createWindow = (handle: FileHandle, sizeBytes: number): Window => {
  const buffer = Buffer.alloc(Math.min(windowBytes, sizeBytes));
  let start = 0;
  let end = 0;
  const fill = async (target: Buffer, offset: number): Promise<number> => {
    const { bytesRead } = await handle.read(target, 0, target.length, offset);
    return bytesRead;
  };
  return {
    read: async (offset, length) => {
      if (offset < 0 || offset + length > sizeBytes) throw new Error('it ends too early');
      if (length > buffer.length) {
        const large = Buffer.alloc(length);
        if ((await fill(large, offset)) < length) throw new Error('it ends too early');
        return large;
      }
      if (offset < start || offset + length > end) {
        start = offset;
        end = offset + (await fill(buffer, offset));
        if (offset + length > end) throw new Error('it ends too early');
      }
      return buffer.subarray(offset - start, offset - start + length);
    },
  };
};

/** Lets yauzl read the central directory through a window. */
class WindowReader extends RandomAccessReader {
  readonly #window: Window;

  constructor(window: Window) {
    super();
    this.#window = window;
  }

  override read(
    target: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.#window.read(position, length).then(
      (content) => {
        content.copy(target, offset);
        callback(null);
      },
      (error: unknown) => callback(error instanceof Error ? error : new Error(String(error))),
    );
  }

  override close(callback: (error: Error | null) => void): void {
    callback(null);
  }

  override _readStreamForRange(): Readable {
    throw new Error('entries are read through the window');
  }
}
