import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A temporary folder for a test. */
export const createScratch = (): Disposable & {
  readonly folder: string;
  /** Writes a file and gives its path. */
  readonly put: (name: string, content: string | Buffer) => string;
} => {
  const folder = mkdtempSync(join(tmpdir(), 'parapet-advisories-'));
  return {
    folder,
    put: (name, content) => {
      const path = join(folder, name);
      writeFileSync(path, content);
      return path;
    },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
};
