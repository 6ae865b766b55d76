import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTarReader, TarError, type TarHeader } from './tar-reader.ts';

type Read = { readonly header: TarHeader; readonly content: string };

const readAll = (archive: Buffer, chunkBytes = archive.length, maxEntries = 1000): Read[] => {
  const found: Read[] = [];
  const reader = createTarReader({
    maxEntries,
    onEntry: (header) => {
      const chunks: Buffer[] = [];
      return {
        write: (chunk) => chunks.push(Buffer.from(chunk)),
        end: () => found.push({ header, content: Buffer.concat(chunks).toString() }),
      };
    },
  });
  for (let at = 0; at < archive.length; at += chunkBytes) reader.write(archive.subarray(at, at + chunkBytes));
  reader.finish();
  return found;
};

const longName = `${'d'.repeat(70)}/${'e'.repeat(70)}/${'f'.repeat(70)}.txt`;

describe('reading what tar(1) writes', () => {
  let folder = '';

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'parapet-tar-'));
    writeFileSync(join(folder, 'hello.txt'), 'hello');
    writeFileSync(join(folder, 'empty'), '');
    writeFileSync(join(folder, 'block'), 'x'.repeat(512));
    symlinkSync('../outside', join(folder, 'link'));
    linkSync(join(folder, 'hello.txt'), join(folder, 'second-name'));
    mkdirSync(join(folder, longName, '..'), { recursive: true });
    writeFileSync(join(folder, longName), 'long');
    writeFileSync(join(folder, 'größe'), 'utf8');
  });

  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const pack = (format: string): Buffer =>
    execFileSync('tar', ['-c', `--format=${format}`, '--sort=name', '-C', folder, '.'], { maxBuffer: 1e8 });

  for (const format of ['gnu', 'pax', 'ustar']) {
    for (const chunkBytes of [1, 511, 513, 100_000]) {
      it(`${format} in chunks of ${chunkBytes}`, () => {
        const entries = new Map(readAll(pack(format), chunkBytes).map((entry) => [entry.header.path, entry]));
        const plain = ['./hello.txt', './second-name'].map((path) => entries.get(path)?.header.kind).sort();
        expect(plain).toEqual(['file', 'hard-link']);
        expect([...entries.values()].some(({ content }) => content === 'hello')).toBe(true);
        expect(entries.get('./block')?.content).toHaveLength(512);
        expect(entries.get('./empty')?.content).toBe('');
        expect(entries.get(`./${longName}`)?.content).toBe('long');
        expect(entries.get('./größe')?.content).toBe('utf8');
        expect(entries.get('./link')?.header).toMatchObject({ kind: 'symlink', linkTarget: '../outside' });
        expect(entries.get('./')?.header.kind).toBe('directory');
      });
    }
  }

  it('tells sparse files, whose content is not what it seems, from plain ones', () => {
    const sparse = join(folder, 'sparse');
    execFileSync('truncate', ['-s', '1M', sparse]);
    const archive = execFileSync('tar', ['-cS', '--format=pax', '-C', folder, 'sparse']);
    expect(readAll(archive).map(({ header }) => header.kind)).toEqual(['other']);
    rmSync(sparse);
  });

  it('refuses more entries than allowed', () => {
    expect(() => readAll(pack('gnu'), 1000, 3)).toThrow(expect.objectContaining({ code: 'too-many' }));
  });

  it('says when it ends inside an entry', () => {
    const archive = pack('gnu');
    const start = archive.indexOf('x'.repeat(512));
    expect(() => readAll(archive.subarray(0, start + 100))).toThrow('ends too early');
  });
});

describe('hostile archives', () => {
  const headerWith = (edit: (block: Buffer) => void): Buffer => {
    const block = Buffer.alloc(512);
    block.write('file', 0);
    block.write('0000000\0', 100);
    block.write('00000000000\0', 124);
    block.write('0', 156);
    block.write('ustar\0', 257);
    edit(block);
    block.write('        ', 148);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
    return block;
  };

  it('refuses a wrong checksum', () => {
    const block = headerWith(() => {});
    block[0] = 0x41;
    expect(() => readAll(block)).toThrow(TarError);
  });

  it('refuses absurd sizes and broken numbers', () => {
    for (const edit of [
      (block: Buffer) => block.fill(0xff, 124, 136),
      (block: Buffer) => block.write('99999999999\0', 124),
      (block: Buffer) => block.write('x', 156) && block.write('77777777777\0', 124),
    ]) {
      expect(() => readAll(headerWith(edit))).toThrow(TarError);
    }
  });

  it('refuses a PAX header that lies about its length', () => {
    const header = headerWith((block) => {
      block.write('x', 156);
      block.write('00000000020\0', 124);
    });
    const content = Buffer.alloc(512);
    content.write('999 path=abcdef\n');
    expect(() => readAll(Buffer.concat([header, content]))).toThrow('PAX');
  });

  it('survives every single flipped byte and every cut', () => {
    const archive = Buffer.concat([
      headerWith((block) => block.write('00000000005\0', 124)),
      Buffer.concat([Buffer.from('hello'), Buffer.alloc(507)]),
      Buffer.alloc(1024),
    ]);
    for (let at = 0; at < archive.length; at += 1) {
      const broken = Buffer.from(archive);
      broken[at] = (broken[at] ?? 0) ^ 0xff;
      for (const candidate of [broken, archive.subarray(0, at)]) {
        try {
          readAll(candidate);
        } catch (error) {
          expect(error).toBeInstanceOf(TarError);
        }
      }
    }
  });
});
