import { FormatError } from '../extractors/extractor.ts';
import type { RandomAccessFile } from '../file-system/file-system.ts';
import { maxSections, type Program, type Section } from './program.ts';

/** Section headers of an ELF file (System V ABI, chapter 4), in both sizes and byte orders. */
export const readElf = async (file: RandomAccessFile): Promise<Program> => {
  const head = await file.read(0, 64);
  if (head.length < 52) throw new FormatError('it is cut off.');
  const isWide = head[4] === 2;
  const isBigEndian = head[5] === 2;
  const fields = fieldReader(isBigEndian);
  const tableAt = isWide ? fields.u64(head, 40) : fields.u32(head, 32);
  const entryBytes = fields.u16(head, isWide ? 58 : 46);
  const stated = fields.u16(head, isWide ? 60 : 48);
  const namesIndex = fields.u16(head, isWide ? 62 : 50);
  const program = { format: 'elf', isBigEndian, pointerBytes: isWide ? 8 : 4 } as const;
  // A stripped table of sections is allowed: then there is nothing to find things by.
  if (tableAt === 0 || entryBytes < (isWide ? 64 : 40)) return { ...program, sections: [] };
  const count = Math.min(stated, maxSections);
  const table = await file.read(tableAt, count * entryBytes);
  const raw = Array.from({ length: Math.floor(table.length / entryBytes) }, (_, index) => {
    const at = index * entryBytes;
    return {
      nameAt: fields.u32(table, at),
      isInFile: fields.u32(table, at + 4) !== 8,
      address: isWide ? fields.u64(table, at + 16) : fields.u32(table, at + 12),
      offset: isWide ? fields.u64(table, at + 24) : fields.u32(table, at + 16),
      sizeBytes: isWide ? fields.u64(table, at + 32) : fields.u32(table, at + 20),
    };
  });
  const namesSection = raw[namesIndex];
  const names =
    namesSection === undefined
      ? Buffer.alloc(0)
      : await file.read(namesSection.offset, Math.min(namesSection.sizeBytes, maxNameBytes));
  return {
    ...program,
    sections: raw
      .filter(({ isInFile }) => isInFile)
      .map(
        ({ nameAt, address, offset, sizeBytes }): Section => ({
          name: textAt(names, nameAt),
          address,
          offset,
          sizeBytes,
        }),
      ),
  };
};

const maxNameBytes = 4 * 1024 * 1024;

const textAt = (names: Buffer, at: number): string => {
  if (at >= names.length) return '';
  const end = names.indexOf(0, at);
  return names.toString('latin1', at, Math.min(end < 0 ? names.length : end, at + 256));
};

/** Reads numbers in either byte order; a 64-bit one beyond all files is a broken file. */
export const fieldReader = (isBigEndian: boolean) => ({
  u16: (from: Buffer, at: number): number => (isBigEndian ? from.readUInt16BE(at) : from.readUInt16LE(at)),
  u32: (from: Buffer, at: number): number => (isBigEndian ? from.readUInt32BE(at) : from.readUInt32LE(at)),
  u64: (from: Buffer, at: number): number => {
    const value = isBigEndian ? from.readBigUInt64BE(at) : from.readBigUInt64LE(at);
    if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new FormatError('it has a number beyond all files.');
    return Number(value);
  },
});
