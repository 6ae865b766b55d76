import { createHash } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createZstdCompress } from 'node:zlib';
import { fail, ok, type Problem, problem, type Result } from '@parapet/core';

/**
 * Writes a document to a new file as JSON in a zstd frame (RFC 8878), a piece at a time: neither its text nor the frame is ever whole in
 * memory. Fails with `too-large` where the frame would be longer than `maxBytes`, leaving no file, and rejects where the file cannot be written.
 */
export const writeCompressedDocument = async (
  path: string,
  document: object,
  maxBytes: number,
): Promise<Result<{ readonly sizeBytes: number; readonly sha256: string }, Problem>> => {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const tooLarge = new Error('too large');
  try {
    await pipeline(
      Readable.from(jsonPieces(document)),
      createZstdCompress(),
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          sizeBytes += chunk.length;
          if (sizeBytes > maxBytes) throw tooLarge;
          hash.update(chunk);
          yield chunk;
        }
      },
      createWriteStream(path, { mode: 0o600, flags: 'wx' }),
    );
  } catch (error) {
    if (error !== tooLarge) throw error;
    await rm(path, { force: true });
    return fail(problem('too-large', `The document has more than the ${maxBytes} bytes that can be sent.`));
  }
  return ok({ sizeBytes, sha256: hash.digest('hex') });
};

/** The text of one piece is about this long; a single element of a list may be longer. */
const pieceLength = 64 * 1024;

/** What `JSON.stringify` makes of an object, with its lists cut between their elements. */
export const jsonPieces = function* (document: object): Generator<string> {
  let text = '{';
  for (const [key, value] of Object.entries(document)) {
    if (value === undefined) continue;
    text += `${text === '{' ? '' : ','}${JSON.stringify(key)}:`;
    if (!Array.isArray(value)) {
      text += JSON.stringify(value);
      continue;
    }
    text += '[';
    for (const [index, element] of value.entries()) {
      text += `${index === 0 ? '' : ','}${JSON.stringify(element) ?? 'null'}`;
      if (text.length < pieceLength) continue;
      yield text;
      text = '';
    }
    text += ']';
  }
  yield `${text}}`;
};
