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
  let file = openSync(path, 'a', 0o600);
  let size = fstatSync(file).size;
  let lost = 0;

  const rotate = (): void => {
    closeSync(file);
    rmSync(`${path}.${keep}`, { force: true });
    for (let index = keep - 1; index >= 1; index -= 1) moveIfThere(`${path}.${index}`, `${path}.${index + 1}`);
    moveIfThere(path, `${path}.1`);
    file = openSync(path, 'a', 0o600);
    size = 0;
  };

  return {
    write: (line) => {
      try {
        if (size > 0 && size + line.length > maxBytes) rotate();
        if (lost > 0) size += writeSync(file, `{"level":"warn","msg":"log lines lost","lost":${lost}}\n`);
        size += writeSync(file, line);
        lost = 0;
      } catch {
        lost += 1;
      }
    },
    close: () => closeSync(file),
  };
};

const moveIfThere = (from: string, to: string): void => {
  try {
    renameSync(from, to);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error;
  }
};
