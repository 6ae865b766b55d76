import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

export type RotatingFile = {
  readonly write: (line: string) => void;
  readonly close: () => void;
};

/**
 * Appends lines to a file and keeps it and `keep` older ones within `maxBytes` each. Writes at once, so that the last
 * line before a crash is on record. Never throws: a full disk must not end the program; what was lost is counted and
 * said in the next line that fits.
 */
export const createRotatingFile = (path: string, maxBytes: number, keep: number): RotatingFile => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  // Undefined while there is no open file. The number of a closed one may be a database connection's by now, and a line
  // written there would go down that connection.
  let file: number | undefined;
  let size = 0;
  let lost = 0;
  let closed = false;

  const open = (): number => {
    file = openSync(path, 'a', 0o600);
    size = fstatSync(file).size;
    return file;
  };
  const letGo = (): void => {
    const old = file;
    file = undefined;
    if (old !== undefined) closeSync(old);
  };
  const rotate = (): number => {
    letGo();
    rmSync(`${path}.${keep}`, { force: true });
    for (let index = keep - 1; index >= 1; index -= 1) moveIfThere(`${path}.${index}`, `${path}.${index + 1}`);
    moveIfThere(path, `${path}.1`);
    return open();
  };
  open();

  return {
    write: (line) => {
      if (closed) return;
      try {
        const at = size > 0 && size + line.length > maxBytes ? rotate() : (file ?? open());
        if (lost > 0) size += writeSync(at, `{"level":"warn","msg":"log lines lost","lost":${lost}}\n`);
        size += writeSync(at, line);
        lost = 0;
      } catch {
        lost += 1;
      }
    },
    close: () => {
      closed = true;
      letGo();
    },
  };
};

const moveIfThere = (from: string, to: string): void => {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
};
