import { type FileHandle, open } from 'node:fs/promises';
import { fail, ok, type Problem, problem, type Result } from '@parapet/core';

/** Random access to a file, or in tests to bytes in memory. */
export type ByteSource = {
  readonly sizeBytes: number;
  /** Exactly `length` bytes, or fewer at the end of the file. */
  readonly read: (offset: number, length: number) => Promise<Buffer>;
};

export type ProgramHeader = {
  /** Where in the file this header lies. */
  readonly at: number;
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly fileBytes: number;
  readonly memoryBytes: number;
};

export type DynamicEntry = { readonly at: number; readonly tag: number; readonly value: number };

/** What is needed of a 64-bit little-endian ELF file to edit it or to find its libraries (System V ABI, chapters 4 and 5). */
export type ElfFile = {
  /** `e_machine`: 62 is x86-64, 183 is AArch64. */
  readonly machine: number;
  readonly headers: readonly ProgramHeader[];
  /** Up to and including the entries that are unused at the end. Empty for a static program. */
  readonly dynamic: readonly DynamicEntry[];
  readonly interpreter: string | undefined;
  readonly soname: string | undefined;
  readonly needed: readonly string[];
};

export const segment = { load: 1, dynamic: 2, interpreter: 3 } as const;
export const dynamicTag = { end: 0, needed: 1, stringTable: 5, stringBytes: 10, soname: 14, searchPath: 15 } as const;
export const programHeaderBytes = 56;

const elfHeaderBytes = 64;
const maxProgramHeaders = 64;
const dynamicEntryBytes = 16;
const maxDynamicBytes = 64 * 1024;
const maxNameBytes = 4096;

/** Reads the parts of an ELF file that say how it is loaded. Problem codes: `not-elf`, `elf`. */
export const readElf = async (file: ByteSource): Promise<Result<ElfFile, Problem>> => {
  const header = await file.read(0, elfHeaderBytes);
  if (header.length < elfHeaderBytes || header.readUInt32BE(0) !== 0x7f454c46) {
    return fail(problem('not-elf', 'This is no ELF file.'));
  }
  if (header[4] !== 2 || header[5] !== 1) return broken('only 64-bit little-endian files are understood');
  const count = header.readUInt16LE(56);
  if (header.readUInt16LE(54) !== programHeaderBytes || count === 0 || count > maxProgramHeaders) {
    return broken('its program headers cannot be read');
  }
  const tableAt = toNumber(header.readBigUInt64LE(32));
  const table = await file.read(tableAt, count * programHeaderBytes);
  if (table.length < count * programHeaderBytes) return broken('its program headers are cut off');
  const headers = Array.from({ length: count }, (_, index) => programHeader(table, tableAt, index));
  for (const each of headers) {
    if (each.type === segment.load && each.offset + each.fileBytes > file.sizeBytes) return broken('it is cut off');
  }
  const dynamic = await readDynamic(file, headers);
  const nameAt = async (offset: number | undefined): Promise<string | undefined> => {
    const base = dynamic.find(({ tag }) => tag === dynamicTag.stringTable)?.value;
    if (base === undefined || offset === undefined) return undefined;
    const at = fileOffsetOf(headers, base + offset);
    return at === undefined ? undefined : textOf(await file.read(at, maxNameBytes));
  };
  const interpreterHeader = headers.find(({ type }) => type === segment.interpreter);
  const needed: string[] = [];
  for (const { tag, value } of dynamic) {
    const name = tag === dynamicTag.needed ? await nameAt(value) : undefined;
    if (name !== undefined) needed.push(name);
  }
  return ok({
    machine: header.readUInt16LE(18),
    headers,
    dynamic,
    interpreter:
      interpreterHeader === undefined
        ? undefined
        : textOf(await file.read(interpreterHeader.offset, Math.min(interpreterHeader.fileBytes, maxNameBytes))),
    soname: await nameAt(dynamic.find(({ tag }) => tag === dynamicTag.soname)?.value),
    needed,
  });
};

/** Where in the file an address of the loaded program lies. */
export const fileOffsetOf = (headers: readonly ProgramHeader[], address: number): number | undefined => {
  const holder = headers.find(
    (each) => each.type === segment.load && address >= each.address && address < each.address + each.fileBytes,
  );
  return holder === undefined ? undefined : holder.offset + (address - holder.address);
};

/** Opens a file for reading it in parts; the caller closes it. */
export const openBytes = async (path: string): Promise<ByteSource & AsyncDisposable> => {
  const handle = await open(path, 'r');
  const { size } = await handle.stat();
  return {
    sizeBytes: size,
    read: (offset, length) => readAt(handle, offset, length),
    [Symbol.asyncDispose]: () => handle.close(),
  };
};

export const bytesOf = (content: Buffer): ByteSource => ({
  sizeBytes: content.length,
  read: async (offset, length) => content.subarray(offset, offset + length),
});

const readAt = async (handle: FileHandle, offset: number, length: number): Promise<Buffer> => {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
};

const programHeader = (table: Buffer, tableAt: number, index: number): ProgramHeader => {
  const at = index * programHeaderBytes;
  return {
    at: tableAt + at,
    type: table.readUInt32LE(at),
    offset: toNumber(table.readBigUInt64LE(at + 8)),
    address: toNumber(table.readBigUInt64LE(at + 16)),
    fileBytes: toNumber(table.readBigUInt64LE(at + 32)),
    memoryBytes: toNumber(table.readBigUInt64LE(at + 40)),
  };
};

const readDynamic = async (file: ByteSource, headers: readonly ProgramHeader[]): Promise<readonly DynamicEntry[]> => {
  const header = headers.find(({ type }) => type === segment.dynamic);
  if (header === undefined) return [];
  const table = await file.read(header.offset, Math.min(header.fileBytes, maxDynamicBytes));
  const count = Math.floor(table.length / dynamicEntryBytes);
  return Array.from({ length: count }, (_, index) => ({
    at: header.offset + index * dynamicEntryBytes,
    tag: toNumber(table.readBigUInt64LE(index * dynamicEntryBytes)),
    value: toNumber(table.readBigUInt64LE(index * dynamicEntryBytes + 8)),
  }));
};

/** Offsets beyond 2^53 are of no file that exists; they come out as ones that cannot be read. */
const toNumber = (value: bigint): number => Number(value);

const textOf = (bytes: Buffer): string => {
  const end = bytes.indexOf(0);
  return bytes.toString('latin1', 0, end === -1 ? bytes.length : end);
};

const broken = (why: string): Result<never, Problem> => fail(problem('elf', `The ELF file cannot be used: ${why}.`));
