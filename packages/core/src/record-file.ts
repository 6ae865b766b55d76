import { readSync } from 'node:fs';
import { crc32 } from 'node:zlib';

/**
 * Files of records that are only ever appended to: a header that names kind and version, then records, each with its length
 * and checksums. Whatever a crash tears off, every record before it is found whole.
 *
 * ```
 *  header: 4 letters, 3 zeros, version      record: u32 bytes   u32 crc32 of the content   u32 crc32 of these 8 bytes   content
 * ```
 * Integers are big-endian.
 */
export const recordFileHeader = (letters: string, version: number): Buffer =>
  Buffer.from([...Buffer.from(letters.padEnd(4).slice(0, 4), 'latin1'), 0, 0, 0, version]);

export const recordHeadBytes = 12;

/** A record of several parts laid one behind the other. */
export const encodeRecord = (...parts: readonly Buffer[]): Buffer => {
  const record = Buffer.concat([Buffer.alloc(recordHeadBytes), ...parts]);
  const content = record.subarray(recordHeadBytes);
  record.writeUInt32BE(content.length, 0);
  record.writeUInt32BE(crc32(content), 4);
  record.writeUInt32BE(crc32(record.subarray(0, 8)), 8);
  return record;
};

/** The content of the record at `at`; `undefined` where there is no whole, undamaged one of at most `maxBytes`. */
export const readRecord = (fd: number, at: number, maxBytes: number): Buffer | undefined => {
  const head = Buffer.alloc(recordHeadBytes);
  if (readSync(fd, head, 0, recordHeadBytes, at) < recordHeadBytes) return undefined;
  const length = head.readUInt32BE(0);
  if (head.readUInt32BE(8) !== crc32(head.subarray(0, 8)) || length > maxBytes) return undefined;
  const content = Buffer.alloc(length);
  const read = readSync(fd, content, 0, length, at + recordHeadBytes);
  return read < length || crc32(content) !== head.readUInt32BE(4) ? undefined : content;
};
