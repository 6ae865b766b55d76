import { FormatError } from '../extractors/extractor.ts';
import type { RandomAccessFile } from '../file-system/file-system.ts';
import type { Program, Section } from './program.ts';

/** A Windows program with what its header says of its tables. */
export type PeProgram = Program & {
  /** Relative addresses and sizes of the data directories, e.g. 2: resources, 14: .NET. */
  readonly directories: readonly { readonly address: number; readonly sizeBytes: number }[];
  readonly imageBase: number;
};

/** Sections of a PE file (Microsoft, PE Format). Addresses are absolute. */
export const readPe = async (file: RandomAccessFile): Promise<PeProgram> => {
  const start = (await file.read(60, 4)).readUInt32LE(0);
  const head = await file.read(start, 24);
  if (head.length < 24 || head.readUInt32LE(0) !== 0x4550)
    throw new FormatError('it has no header of a Windows program.');
  const optionalBytes = head.readUInt16LE(20);
  const optional = await file.read(start + 24, optionalBytes);
  if (optional.length < optionalBytes || optionalBytes < 96) throw new FormatError('its header is cut off.');
  const isWide = optional.readUInt16LE(0) === 0x20b;
  const imageBase = isWide ? Number(optional.readBigUInt64LE(24)) : optional.readUInt32LE(28);
  const directoriesAt = isWide ? 112 : 96;
  const directoryCount = Math.min(16, Math.floor((optional.length - directoriesAt) / 8));
  const table = await file.read(start + 24 + optionalBytes, head.readUInt16LE(6) * 40);
  return {
    format: 'pe',
    isBigEndian: false,
    pointerBytes: isWide ? 8 : 4,
    imageBase,
    directories: Array.from({ length: Math.max(0, directoryCount) }, (_, index) => ({
      address: imageBase + optional.readUInt32LE(directoriesAt + index * 8),
      sizeBytes: optional.readUInt32LE(directoriesAt + index * 8 + 4),
    })),
    sections: Array.from({ length: Math.floor(table.length / 40) }, (_, index): Section => {
      const at = index * 40;
      return {
        name: table.toString('latin1', at, at + 8).replace(/\0.*$/s, ''),
        address: imageBase + table.readUInt32LE(at + 12),
        offset: table.readUInt32LE(at + 20),
        sizeBytes: table.readUInt32LE(at + 16),
      };
    }),
  };
};
