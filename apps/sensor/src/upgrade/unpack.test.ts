import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { unpackArchive } from './unpack.ts';

type Entry = {
  readonly name: string;
  readonly type?: string;
  readonly link?: string;
  readonly content?: string;
  readonly mode?: number;
};

/** A ustar archive. */
const tarOf = (entries: readonly Entry[]): Buffer =>
  Buffer.concat([
    ...entries.flatMap(({ name, type = '0', link = '', content = '', mode = 0o644 }) => {
      const header = Buffer.alloc(512);
      header.write(name, 0);
      header.write(`${mode.toString(8).padStart(7, '0')}\0`, 100);
      header.write(`${content.length.toString(8).padStart(11, '0')}\0`, 124);
      header.write('        ', 148);
      header.write(type, 156);
      header.write(link, 157);
      header.write('ustar\0', 257);
      const sum = header.reduce((total, byte) => total + byte, 0);
      header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
      return [header, Buffer.from(content), Buffer.alloc((512 - (content.length % 512)) % 512)];
    }),
    Buffer.alloc(1024),
  ]);

let folder: string;
let stage: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'parapet-unpack-'));
  stage = join(folder, 'stage');
  await mkdir(stage);
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const unpack = async (entries: readonly Entry[], options: { packed?: Buffer; size?: number } = {}) => {
  const packed = options.packed ?? gzipSync(tarOf(entries));
  await writeFile(join(folder, 'archive'), packed);
  return unpackArchive(
    join(folder, 'archive'),
    stage,
    'top',
    options.size ?? packed.length,
    new AbortController().signal,
  );
};

describe('unpacking', () => {
  it('takes files, folders and links to a neighbour, and names what must reach the disk', async () => {
    const unpacked = await unpack([
      { name: 'top/', type: '5' },
      { name: 'top/bin/', type: '5' },
      { name: 'top/bin/node', content: 'n'.repeat(1000), mode: 0o755 },
      { name: 'top/lib/deep/libc.so.6', content: 'c' },
      { name: 'top/lib/deep/libc.so', type: '2', link: 'libc.so.6' },
    ]);
    expect(await readFile(join(stage, 'lib/deep/libc.so'), 'utf8')).toBe('c');
    expect((await stat(join(stage, 'bin/node'))).mode & 0o777).toBe(0o755);
    expect((await stat(join(stage, 'lib/deep/libc.so.6'))).mode & 0o777).toBe(0o644);
    expect(unpacked.files.map((path) => path.slice(stage.length))).toEqual(['/bin/node', '/lib/deep/libc.so.6']);
    expect(unpacked.folders.map((path) => path.slice(stage.length))).toEqual(['', '/bin', '/lib', '/lib/deep']);
  });

  it.each<[string, Entry[]]>([
    ['a way up', [{ name: 'top/../../evil', content: 'x' }]],
    ['an absolute path', [{ name: '/etc/evil', content: 'x' }]],
    ['another folder', [{ name: 'other/evil', content: 'x' }]],
    ['a link out', [{ name: 'top/link', type: '2', link: '/etc/passwd' }]],
    ['a link up', [{ name: 'top/link', type: '2', link: '../..' }]],
    ['a link to the folder above', [{ name: 'top/link', type: '2', link: '..' }]],
    ['a hard link', [{ name: 'top/link', type: '1', link: 'top/bin/node' }]],
    ['a device', [{ name: 'top/null', type: '3' }]],
    [
      'a very long name',
      [{ name: `top/${'a'.repeat(90)}`, type: 'L', content: 'top/'.padEnd(600, 'b') }, { name: 'x' }],
    ],
  ])('refuses %s', async (_what, entries) => {
    await expect(unpack(entries)).rejects.toMatchObject({ reason: 'unpack' });
    expect(await readdir(folder)).toEqual(['archive', 'stage']);
  });

  it('never writes through a link or over a file', async () => {
    const twice = [
      { name: 'top/a', type: '2', link: 'b' },
      { name: 'top/a', content: 'x' },
    ];
    await expect(unpack(twice)).rejects.toMatchObject({ reason: 'unpack' });
    expect(await readdir(stage)).toEqual(['a']);
  });

  it('has limits of size and number, and says when an archive is broken', async () => {
    const bomb = [{ name: 'top/bomb', content: '0'.repeat(3 * 1024 * 1024) }];
    await expect(unpack(bomb, { size: 10 })).rejects.toMatchObject({
      message: expect.stringMatching(/more than it may/),
    });
    const many = Array.from({ length: 4097 }, (_, at) => ({ name: `top/${at}`, type: '5' }));
    await expect(unpack(many, { size: 1e9 })).rejects.toMatchObject({
      message: expect.stringMatching(/more than 4096/),
    });
    const cut = gzipSync(tarOf([{ name: 'top/a', content: 'x'.repeat(5000) }])).subarray(0, 60);
    await expect(unpack([], { packed: cut })).rejects.toMatchObject({ reason: 'unpack' });
    await expect(unpack([], { packed: Buffer.from('no archive') })).rejects.toMatchObject({ reason: 'unpack' });
  });
});
