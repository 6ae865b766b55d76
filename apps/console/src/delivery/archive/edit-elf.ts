import { fail, ok, type Problem, problem, type Result } from '@parapet/core';
import { dynamicTag, type ElfFile, type ProgramHeader, segment } from './elf-file.ts';

export type Patch = { readonly offset: number; readonly bytes: Buffer };

/** Changes in place, and how much of the file is kept: what lies behind is not loaded. */
export type ElfPlan = { readonly patches: readonly Patch[]; readonly keepBytes: number };

/**
 * Drops what is never loaded: symbols, debug information and the table of sections that names them. A fifth of Node is that.
 */
export const planStrip = (elf: ElfFile): ElfPlan => ({
  patches: [
    // e_shoff; then e_shnum and e_shstrndx
    { offset: 40, bytes: Buffer.alloc(8) },
    { offset: 60, bytes: Buffer.alloc(4) },
  ],
  keepBytes: Math.max(...loadsOf(elf).map(({ offset, fileBytes }) => offset + fileBytes)),
});

/**
 * Makes a program start by `interpreter` and look for its libraries in `searchPath` first (DT_RPATH, which goes before the
 * environment and holds for the libraries' libraries too).
 *
 * Both texts go into the gap between the segment that holds the string table and the next one: the kernel maps whole
 * pages, so these bytes of the file are loaded already; the segment is only told that they belong to it. Nothing moves.
 */
export const planLoader = (
  elf: ElfFile,
  texts: { readonly interpreter: string; readonly searchPath: string },
): Result<readonly Patch[], Problem> => {
  const header = elf.headers.find(({ type }) => type === segment.interpreter);
  const tableAddress = elf.dynamic.find(({ tag }) => tag === dynamicTag.stringTable)?.value;
  const tableBytes = elf.dynamic.find(({ tag }) => tag === dynamicTag.stringBytes);
  const free = freeEntry(elf);
  if (header === undefined || tableAddress === undefined || tableBytes === undefined || free === undefined) {
    return cannot('it is no dynamic program, or its dynamic section has no unused entry');
  }
  if (elf.dynamic.some(({ tag }) => tag === dynamicTag.searchPath || tag === 29)) {
    return cannot('it names a search path of its own already');
  }
  const holder = loadsOf(elf).find(
    ({ address, fileBytes }) => tableAddress >= address && tableAddress < address + fileBytes,
  );
  if (holder === undefined || holder.fileBytes !== holder.memoryBytes) return cannot('its string table is not loaded');
  const interpreter = Buffer.from(`${texts.interpreter}\0`, 'latin1');
  const both = Buffer.concat([interpreter, Buffer.from(`${texts.searchPath}\0`, 'latin1')]);
  if (both.length > gapAfter(elf, holder)) return cannot('there is no room for the texts between its segments');
  const offset = holder.offset + holder.fileBytes;
  const address = holder.address + holder.fileBytes;
  const pathInTable = address + interpreter.length - tableAddress;
  return ok([
    { offset, bytes: both },
    { offset: holder.at + 32, bytes: words(holder.fileBytes + both.length, holder.memoryBytes + both.length) },
    { offset: header.at + 8, bytes: words(offset, address, address, interpreter.length, interpreter.length) },
    { offset: free.at, bytes: words(dynamicTag.searchPath, pathInTable) },
    // The table now reaches to the end of the texts, so that tools that check it agree.
    { offset: tableBytes.at + 8, bytes: words(address + both.length - tableAddress) },
  ]);
};

/**
 * Blanks file names in a loader, so that it asks no such file: with the first byte NUL the name is empty. Each must be there
 * exactly once.
 */
export const planBlanks = (content: Buffer, names: readonly string[]): Result<readonly Patch[], Problem> => {
  const patches: Patch[] = [];
  for (const name of names) {
    const text = Buffer.from(`${name}\0`, 'latin1');
    const at = content.indexOf(text);
    if (at === -1 || content.indexOf(text, at + 1) !== -1) return cannot(`${name} is not in it exactly once`);
    patches.push({ offset: at, bytes: Buffer.alloc(1) });
  }
  return ok(patches);
};

const loadsOf = (elf: ElfFile): readonly ProgramHeader[] => elf.headers.filter(({ type }) => type === segment.load);

/** The first end mark of the dynamic section, when another one follows it. */
const freeEntry = ({ dynamic }: ElfFile) => {
  const end = dynamic.findIndex(({ tag }) => tag === dynamicTag.end);
  return end !== -1 && dynamic[end + 1]?.tag === dynamicTag.end ? dynamic[end] : undefined;
};

/** Bytes after a segment that neither the file nor the memory of another one uses. */
const gapAfter = (elf: ElfFile, holder: ProgramHeader): number => {
  const offset = holder.offset + holder.fileBytes;
  const address = holder.address + holder.memoryBytes;
  const later = loadsOf(elf).filter((each) => each !== holder);
  const gaps = later.flatMap((each) => [
    ...(each.offset >= offset ? [each.offset - offset] : []),
    ...(each.address >= address ? [each.address - address] : []),
  ]);
  const pageBytes = 4096;
  // What is mapped beyond the segment ends with its page at the latest.
  return Math.min(...gaps, (pageBytes - (address % pageBytes)) % pageBytes);
};

const words = (...values: readonly number[]): Buffer => {
  const buffer = Buffer.alloc(values.length * 8);
  values.forEach((value, index) => {
    buffer.writeBigUInt64LE(BigInt(value), index * 8);
  });
  return buffer;
};

const cannot = (why: string): Result<never, Problem> =>
  fail(problem('elf-edit', `The program cannot be made to use a C library of its own: ${why}.`));
