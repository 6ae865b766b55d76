import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { locateSet } from './locate.ts';
import { createPart } from './score.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'parapet-corpora-test-'));
  mkdirSync(join(folder, 'cases/sample/inner'), { recursive: true });
  writeFileSync(join(folder, 'cases/sample/inner/a.txt'), 'content');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('locateSet', () => {
  it('takes the folder as it is', async () => {
    await using located = await locateSet(join(folder, 'cases'), 'sample');
    expect(located?.folder).toBe(join(folder, 'cases/sample'));
  });

  it('unpacks an archive and removes the copy after', async () => {
    const packed = zstdCompressSync(execFileSync('tar', ['-c', '-C', join(folder, 'cases'), 'sample']));
    writeFileSync(join(folder, 'sample.tar.zst'), packed);
    let copy = '';
    {
      await using located = await locateSet(folder, 'sample');
      copy = located?.folder ?? '';
      expect(readFileSync(join(copy, 'inner/a.txt'), 'utf8')).toBe('content');
    }
    expect(existsSync(copy)).toBe(false);
  });

  it('says that there is none', async () => expect(await locateSet(folder, 'other')).toBeUndefined());
});

describe('a part of a score', () => {
  it('counts every case and keeps the misses short', () => {
    const part = createPart('sample');
    part.check('right', 'x', 'x');
    part.check('wrong', 'x'.repeat(1000), 'y');
    expect(part.score()).toMatchObject({
      part: 'sample',
      total: 2,
      passed: 1,
      misses: [{ case: 'wrong', actual: 'y' }],
    });
    expect(part.score().misses[0]?.expected).toHaveLength(300);
  });
});
