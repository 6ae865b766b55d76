import { createHash, randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { jsonPieces, writeCompressedDocument } from './compressed-document.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-document-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const packages = Array.from({ length: 5000 }, (_, at) => ({ name: `package-${at}`, notes: ['é "quoted"', `\n${at}`] }));

describe('the pieces of a document', () => {
  it('are together what it is as a whole', () => {
    for (const document of [
      {},
      { packages: [] },
      { absent: undefined, first: 1 },
      { target: { kind: 'host', list: [1, 2] }, packages, problems: [], last: null },
      { a: [undefined, [1], 'x'], b: packages, c: 'y' },
    ])
      expect([...jsonPieces(document)].join('')).toBe(JSON.stringify(document));
  });

  it('are small, however long its lists are', () => {
    const pieces = [...jsonPieces({ first: packages, second: packages })];
    expect(pieces.length).toBeGreaterThan(5);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(66 * 1024);
  });
});

describe('a document in a file', () => {
  it('is read again as it was, with the size and the hash that were told', async () => {
    const path = join(folder, 'document');
    const written = await writeCompressedDocument(path, { packages }, 1_000_000);
    const bytes = readFileSync(path);
    expect(JSON.parse(zstdDecompressSync(bytes).toString())).toEqual({ packages });
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(written).toEqual({ ok: true, value: { sizeBytes: bytes.length, sha256 } });
  });

  it('is not left behind where it is longer than may be sent', async () => {
    const path = join(folder, 'document');
    const noise = Array.from({ length: 500 }, () => randomBytes(1000).toString('base64'));
    const written = await writeCompressedDocument(path, { noise }, 100_000);
    expect(written).toMatchObject({ ok: false, error: { code: 'too-large' } });
    expect(existsSync(path)).toBe(false);
  });

  it('takes no other file’s place', async () => {
    const path = join(folder, 'document');
    writeFileSync(path, 'mine');
    await expect(writeCompressedDocument(path, { packages }, 1_000_000)).rejects.toThrow('EEXIST');
    expect(readFileSync(path, 'utf8')).toBe('mine');
  });
});
