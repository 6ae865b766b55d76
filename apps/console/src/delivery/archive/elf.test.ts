import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Patch, planBlanks, planLoader, planStrip } from './edit-elf.ts';
import { bytesOf, type ElfFile, openBytes, readElf } from './elf-file.ts';

/**
 * A dynamic program as a linker would lay it out, as small as it gets: two segments with a gap between them, an interpreter, a
 * string table with one needed library, and a dynamic section with `free` unused entries.
 */
const sample = (options: { readonly gapBytes?: number; readonly free?: number } = {}): Buffer => {
  const { gapBytes = 0x400, free = 2 } = options;
  const file = Buffer.alloc(0x3000);
  const firstBytes = 0x1000 - gapBytes;
  file.write('\x7fELF\x02\x01\x01', 0, 'latin1');
  file.writeUInt16LE(2, 16);
  file.writeUInt16LE(62, 18);
  file.writeBigUInt64LE(64n, 32);
  file.writeBigUInt64LE(0x2800n, 40);
  file.writeUInt16LE(56, 54);
  file.writeUInt16LE(4, 56);
  file.writeUInt16LE(9, 60);
  const header = (index: number, type: number, offset: number, size: number): void => {
    const at = 64 + index * 56;
    file.writeUInt32LE(type, at);
    for (const [field, value] of [8, 16, 24].map((each, i) => [each, i === 0 ? offset : 0x400000 + offset] as const)) {
      file.writeBigUInt64LE(BigInt(value), at + field);
    }
    file.writeBigUInt64LE(BigInt(size), at + 32);
    file.writeBigUInt64LE(BigInt(size), at + 40);
  };
  header(0, 3, 0x200, 28);
  header(1, 1, 0, firstBytes);
  header(2, 1, 0x1000, 0x800);
  header(3, 2, 0x1100, (4 + free) * 16);
  file.write('/lib64/ld-linux-x86-64.so.2\0', 0x200);
  file.write('\0libc.so.6\0', 0x300);
  const entries = [[1, 1], [5, 0x400300], [10, 11], ...Array.from({ length: free + 1 }, () => [0, 0])];
  entries.forEach(([tag = 0, value = 0], index) => {
    file.writeBigUInt64LE(BigInt(tag), 0x1100 + index * 16);
    file.writeBigUInt64LE(BigInt(value), 0x1108 + index * 16);
  });
  return file;
};

const parse = async (content: Buffer): Promise<ElfFile> => {
  const elf = await readElf(bytesOf(content));
  if (!elf.ok) throw new Error(elf.error.message);
  return elf.value;
};
const apply = (content: Buffer, patches: readonly Patch[]): Buffer => {
  const edited = Buffer.from(content);
  for (const { offset, bytes } of patches) bytes.copy(edited, offset);
  return edited;
};
const texts = {
  interpreter: '/opt/parapet-sensor/versions/1.2.3-0123456789ab/lib/ld.so',
  searchPath: '$ORIGIN/../lib',
};

describe('reading ELF', () => {
  it('finds loader and libraries', async () => {
    expect(await parse(sample())).toMatchObject({
      machine: 62,
      interpreter: '/lib64/ld-linux-x86-64.so.2',
      needed: ['libc.so.6'],
      soname: undefined,
    });
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['a script', Buffer.from(`#!/bin/sh\n${' '.repeat(100)}`)],
    ['32 bits', Buffer.from('\x7fELF\x01\x01'.padEnd(64, '\0'), 'latin1')],
    ['no headers', Buffer.from('\x7fELF\x02\x01'.padEnd(64, '\0'), 'latin1')],
    ['one cut off in a segment', sample().subarray(0, 0x1200)],
  ])('refuses %s', async (_, content) => {
    expect((await readElf(bytesOf(content))).ok).toBe(false);
  });

  it('stands any byte being wrong', async () => {
    const whole = sample();
    for (let at = 0; at < 64 + 4 * 56; at += 1) {
      for (const value of [0, 0xff]) {
        const content = Buffer.from(whole);
        content[at] = value;
        const elf = await readElf(bytesOf(content));
        if (elf.ok) planLoader(elf.value, texts);
      }
    }
  });
});

describe('editing ELF', () => {
  it('gives a program another loader and search path, and moves nothing', async () => {
    const before = sample();
    const plan = planLoader(await parse(before), texts);
    if (!plan.ok) throw new Error(plan.error.message);
    const after = apply(before, plan.value);
    const elf = await parse(after);
    expect(elf.interpreter).toBe(texts.interpreter);
    expect(elf.needed).toEqual(['libc.so.6']);
    const path = elf.dynamic.find(({ tag }) => tag === 15);
    const table = elf.dynamic.find(({ tag }) => tag === 5)?.value ?? 0;
    const at = table + (path?.value ?? 0) - 0x400000;
    expect(after.toString('latin1', at, after.indexOf(0, at))).toBe(texts.searchPath);
    expect(elf.headers[1]?.fileBytes).toBe(elf.headers[1]?.memoryBytes);
    expect(after.subarray(0x1000, 0x1100).equals(before.subarray(0x1000, 0x1100))).toBe(true);
    expect(after.length).toBe(before.length);
  });

  it.each([
    ['there is no room between the segments', sample({ gapBytes: 16 })],
    ['no dynamic entry is free', sample({ free: 0 })],
  ])('says so when %s', async (_, content) => {
    expect(planLoader(await parse(content), texts).ok).toBe(false);
  });

  it('edits no program twice', async () => {
    const once = planLoader(await parse(sample()), texts);
    const after = apply(sample(), once.ok ? once.value : []);
    expect(planLoader(await parse(after), texts).ok).toBe(false);
  });

  it('drops what is not loaded', async () => {
    const plan = planStrip(await parse(sample()));
    expect(plan.keepBytes).toBe(0x1800);
    const after = apply(sample(), plan.patches).subarray(0, plan.keepBytes);
    expect(after.readBigUInt64LE(40)).toBe(0n);
    expect((await parse(after)).needed).toEqual(['libc.so.6']);
  });

  it('blanks names that are there once', () => {
    const content = Buffer.from('x\0/etc/ld.so.cache\0y');
    const plan = planBlanks(content, ['/etc/ld.so.cache']);
    expect(plan.ok && apply(content, plan.value).indexOf('/etc/ld.so.cache')).toBe(-1);
    expect(planBlanks(content, ['/etc/other']).ok).toBe(false);
    expect(planBlanks(Buffer.concat([content, content]), ['/etc/ld.so.cache']).ok).toBe(false);
  });
});

describe('this very Node', () => {
  it('has the room, and a stripped and edited copy runs by the loader it names', async () => {
    await using bytes = await openBytes(process.execPath);
    const elf = await readElf(bytes);
    if (!elf.ok) throw new Error(elf.error.message);
    const dir = await mkdtemp(join(tmpdir(), 'ppt-elf-'));
    try {
      const copy = join(dir, 'node');
      const loader = join(dir, 'a-loader-with-a-longer-name-than-before.so');
      await writeFile(loader, await readFile(elf.value.interpreter ?? ''), { mode: 0o755 });
      const plan = planLoader(elf.value, { interpreter: loader, searchPath: '$ORIGIN/../lib' });
      if (!plan.ok) throw new Error(plan.error.message);
      const { patches, keepBytes } = planStrip(elf.value);
      const content = apply(await readFile(process.execPath), [...patches, ...plan.value]).subarray(0, keepBytes);
      await writeFile(copy, content, { mode: 0o755 });
      const script =
        'console.log(process.execPath); console.log(require("fs").readFileSync("/proc/self/maps", "utf8").includes(process.argv[1]))';
      expect(execFileSync(copy, ['-e', script, loader], { encoding: 'utf8' })).toBe(`${copy}\ntrue\n`);
    } finally {
      await rm(dir, { recursive: true, force: true });
    }
  });
});
