import { promisify } from 'node:util';
import { constants, zstdCompress as zstdCompressCallback, zstdDecompress as zstdDecompressCallback } from 'node:zlib';
import { brokenBackup } from './archive-reader.ts';
import { backupLimits } from './format.ts';

const zstdCompress = promisify(zstdCompressCallback);
const zstdDecompress = promisify(zstdDecompressCallback);

/** Cuts a stream into compressed parts of bounded size, one at a time. */
export const cutIntoParts = async (
  stream: AsyncIterable<Buffer>,
  onPart: (part: number, content: Buffer, bytesSoFar: number) => Promise<void>,
): Promise<{ readonly bytes: number; readonly parts: number }> => {
  let gathered: Buffer[] = [];
  let size = 0;
  let bytes = 0;
  let parts = 0;
  const flush = async (raw: Buffer): Promise<void> => {
    parts += 1;
    bytes += raw.length;
    await onPart(parts, await zstdCompress(raw, { params: { [constants.ZSTD_c_compressionLevel]: 3 } }), bytes);
  };
  for await (const chunk of stream) {
    gathered.push(chunk);
    size += chunk.length;
    if (size < backupLimits.partBytes) continue;
    let whole = Buffer.concat(gathered, size);
    for (; whole.length >= backupLimits.partBytes; whole = whole.subarray(backupLimits.partBytes)) {
      await flush(whole.subarray(0, backupLimits.partBytes));
    }
    gathered = [Buffer.from(whole)];
    size = whole.length;
  }
  if (size > 0) await flush(Buffer.concat(gathered, size));
  return { bytes, parts };
};

export const openPart = async (content: Buffer, name: string): Promise<Buffer> => {
  try {
    return await zstdDecompress(content, { maxOutputLength: backupLimits.partBytes });
  } catch {
    throw brokenBackup(`${name} cannot be unpacked`);
  }
};
