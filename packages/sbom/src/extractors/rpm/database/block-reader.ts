import type { RandomAccessFile } from '../../../file-system/file-system.ts';

/** Raised when a database is not what its format says; the message says where. */
export class FormatError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'FormatError';
  }
}

export type BlockReader = {
  readonly sizeBytes: number;
  /** Exactly `length` bytes at `offset`; throws {@link FormatError} past the end or beyond the read budget. */
  readonly read: (offset: number, length: number) => Promise<Buffer>;
};

const windowBytes = 256 * 1024;
const keptWindows = 32;

/**
 * Reads a database by offsets that the database itself gives. Hostile ones can make a small file look endless (many entries
 * that share one long chain), so all reads together may not exceed a few times the file's size.
 */
export const createBlockReader = (file: RandomAccessFile): BlockReader => {
  const windows = new Map<number, Promise<Buffer>>();
  let budgetBytes = file.sizeBytes * 4 + 16 * 1024 * 1024;

  const windowAt = (index: number): Promise<Buffer> => {
    const found = windows.get(index) ?? file.read(index * windowBytes, windowBytes);
    windows.delete(index);
    windows.set(index, found);
    const [oldest] = windows.keys();
    if (windows.size > keptWindows && oldest !== undefined) windows.delete(oldest);
    return found;
  };

  return {
    sizeBytes: file.sizeBytes,
    read: async (offset, length) => {
      if (!Number.isSafeInteger(offset) || offset < 0 || length < 0 || offset + length > file.sizeBytes) {
        throw new FormatError(`it points to byte ${offset}, past its end`);
      }
      budgetBytes -= length;
      if (budgetBytes < 0) throw new FormatError('its entries refer to the same bytes over and over');
      const first = Math.floor(offset / windowBytes);
      const start = offset - first * windowBytes;
      if (start + length <= windowBytes) return slice(await windowAt(first), start, length);
      const whole = await file.read(offset, length);
      return slice(whole, 0, length);
    },
  };
};

const slice = (bytes: Buffer, start: number, length: number): Buffer => {
  if (start + length > bytes.length) throw new FormatError('it became shorter while it was read');
  return bytes.subarray(start, start + length);
};

/** A package's header is rarely over 5 MB; rpm itself refuses more than 256 MB. */
export const maxHeaderBytes = 64 * 1024 * 1024;

/** Throws unless a header of this size can be. */
export const checkHeaderBytes = (length: number, reader: BlockReader): void => {
  if (length > maxHeaderBytes || length > reader.sizeBytes) throw new FormatError(`an entry claims ${length} bytes`);
};
