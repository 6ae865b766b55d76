import { closeSync, openSync, readSync } from 'node:fs';

export type SmallRead = { readonly text: string; readonly cut: boolean };

/**
 * Reads a small file of /proc or /sys at once. Blocking is right here: the kernel makes these texts from memory, and a trip
 * through the thread pool costs ten times as much. `undefined` when it cannot be read, as when the process just ended.
 */
export const readSmall = (
  path: string,
  maxBytes = 16 * 1024,
  encoding: 'latin1' | 'utf8' = 'latin1',
): SmallRead | undefined => {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    const pieces: Buffer[] = [];
    let total = 0;
    for (;;) {
      const read = readSync(fd, shared, 0, Math.min(shared.length, maxBytes + 1 - total), null);
      if (read === 0) break;
      total += read;
      if (total > maxBytes) {
        pieces.push(Buffer.from(shared.subarray(0, read - (total - maxBytes))));
        return { text: Buffer.concat(pieces).toString(encoding), cut: true };
      }
      pieces.push(Buffer.from(shared.subarray(0, read)));
    }
    return { text: Buffer.concat(pieces).toString(encoding), cut: false };
  } catch {
    return undefined;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
};

/** One for all: nothing else runs between the reads. */
const shared = Buffer.allocUnsafe(64 * 1024);
