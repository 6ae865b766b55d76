import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readFileBounded, readStreamBounded } from './bounded-read.ts';
import { writeFileDurably } from './durable-file.ts';
import { execArgv } from './exec.ts';

let dir = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'parapet-core-'));
});
afterAll(() => rm(dir, { recursive: true }));

describe('readFileBounded', () => {
  it('reads a file of exactly the limit and refuses one byte more', async () => {
    const path = join(dir, 'ten');
    await writeFile(path, '0123456789');
    expect(await readFileBounded(path, 10)).toEqual({ ok: true, value: Buffer.from('0123456789') });
    expect(await readFileBounded(path, 9)).toMatchObject({ ok: false, error: { code: 'too-large', at: path } });
  });

  it('reads files that claim to be empty', async () => {
    const read = await readFileBounded('/proc/self/status', 1_000_000);
    expect(read.ok && read.value.toString()).toContain('Pid:');
  });

  it('says which file is missing', async () => {
    expect(await readFileBounded(join(dir, 'none'), 10)).toMatchObject({ ok: false, error: { code: 'enoent' } });
  });
});

describe('readStreamBounded', () => {
  it('stops an endless stream at the limit', async () => {
    let produced = 0;
    const endless = Readable.from(
      (function* () {
        for (;;) {
          produced += 1;
          yield Buffer.alloc(1000);
        }
      })(),
    );
    expect(await readStreamBounded(endless, 10_000)).toMatchObject({ ok: false, error: { code: 'too-large' } });
    expect(produced).toBeLessThan(100);
  });
});

describe('writeFileDurably', () => {
  it('replaces the content, keeps the mode private and leaves nothing beside it', async () => {
    const path = join(dir, 'state.json');
    await writeFileDurably(path, 'old');
    await writeFileDurably(path, 'new');
    expect(await readFile(path, 'utf8')).toBe('new');
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await readdir(dir)).filter((name) => name.includes('.tmp'))).toEqual([]);
  });
});

describe('execArgv', () => {
  it('passes arguments as they are, never through a shell', async () => {
    const outcome = await execArgv(['/bin/echo', '$(id)', '; ls', '`x`']);
    expect(outcome).toMatchObject({ exitCode: 0, stdout: '$(id) ; ls `x`\n', cut: false });
  });

  it('ends a program that runs or talks too long, and says so', async () => {
    expect(await execArgv(['/bin/sleep', '60'], { timeoutMs: 50 })).toMatchObject({ cut: true, signal: 'SIGKILL' });
    expect((await execArgv(['/usr/bin/yes'], { maxOutputBytes: 1000 })).cut).toBe(true);
  });

  it('rejects when the program does not exist', async () => {
    await expect(execArgv(['/does/not/exist'])).rejects.toThrow('ENOENT');
  });
});
