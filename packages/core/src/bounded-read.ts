import { open } from 'node:fs/promises';
import { messageOf } from './errors.ts';
import { fail, ok, type Problem, problem, type Result } from './result.ts';

/**
 * Reads a whole file of at most `maxBytes` bytes. Works for files whose size is reported as 0 (`/proc`).
 * A longer file is a failure with code `too-large`, never a silent cut.
 */
export const readFileBounded = async (path: string, maxBytes: number): Promise<Result<Buffer, Problem>> => {
  try {
    await using handle = await open(path, 'r');
    const chunks: Buffer[] = [];
    let total = 0;
    for (;;) {
      const chunk = Buffer.allocUnsafe(Math.min(65_536, maxBytes + 1 - total));
      const { bytesRead } = await handle.read(chunk, 0, chunk.length, null);
      if (bytesRead === 0) return ok(Buffer.concat(chunks, total));
      total += bytesRead;
      if (total > maxBytes) return fail(problem('too-large', `The file is larger than ${maxBytes} bytes.`, path));
      chunks.push(chunk.subarray(0, bytesRead));
    }
  } catch (error) {
    const code = codeOf(error);
    const message = code === 'enoent' ? 'There is no such file.' : `The file could not be read: ${messageOf(error)}`;
    return fail(problem(code, message, path));
  }
};

/** Collects a stream of at most `maxBytes` bytes; code `too-large` beyond it. */
export const readStreamBounded = async (
  stream: AsyncIterable<Uint8Array>,
  maxBytes: number,
): Promise<Result<Buffer, Problem>> => {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for await (const chunk of stream) {
    total += chunk.length;
    if (total > maxBytes) return fail(problem('too-large', `The stream is longer than ${maxBytes} bytes.`));
    chunks.push(chunk);
  }
  return ok(Buffer.concat(chunks, total));
};

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code.toLowerCase() : 'unreadable';
