import { FormatError } from '../extractors/extractor.ts';
import type { RandomAccessFile } from '../file-system/file-system.ts';
import { fieldReader } from './elf.ts';
import { maxSections, type Program, type Section } from './program.ts';

const maxCommandBytes = 4 * 1024 * 1024;
const segment32 = 1;
const segment64 = 0x19;

/** Sections of a Mach-O file (loader.h of XNU) that begins at `start`. */
export const readMachO = async (file: RandomAccessFile, start: number): Promise<Program> => {
  const head = await file.read(start, 32);
  if (head.length < 32) throw new FormatError('it is cut off.');
  const magic = head.readUInt32LE(0);
  const isBigEndian = magic === 0xcefaedfe || magic === 0xcffaedfe;
  const fields = fieldReader(isBigEndian);
  const isWide = fields.u32(head, 0) === 0xfeedfacf;
  const commands = await file.read(start + (isWide ? 32 : 28), Math.min(fields.u32(head, 20), maxCommandBytes));
  const sections: Section[] = [];
  for (let at = 0; at + 8 <= commands.length; ) {
    const kind = fields.u32(commands, at);
    const sizeBytes = fields.u32(commands, at + 4);
    if (sizeBytes < 8 || at + sizeBytes > commands.length) break;
    if (kind === (isWide ? segment64 : segment32))
      sections.push(...sectionsOf(commands.subarray(at, at + sizeBytes), isWide, fields, start));
    if (sections.length > maxSections) throw new FormatError(`it has more than ${maxSections} sections.`);
    at += sizeBytes;
  }
  return { format: 'mach-o', isBigEndian, pointerBytes: isWide ? 8 : 4, sections };
};

const sectionsOf = (
  segment: Buffer,
  isWide: boolean,
  { u32, u64 }: ReturnType<typeof fieldReader>,
  start: number,
): Section[] => {
  const headBytes = isWide ? 72 : 56;
  const entryBytes = isWide ? 80 : 68;
  if (segment.length < headBytes) return [];
  const count = Math.min(u32(segment, isWide ? 64 : 48), Math.floor((segment.length - headBytes) / entryBytes));
  return Array.from({ length: count }, (_, index): Section => {
    const at = headBytes + index * entryBytes;
    return {
      name: segment.toString('latin1', at, at + 16).replace(/\0.*$/s, ''),
      address: isWide ? u64(segment, at + 32) : u32(segment, at + 32),
      sizeBytes: isWide ? u64(segment, at + 40) : u32(segment, at + 36),
      offset: start + u32(segment, at + (isWide ? 48 : 40)),
    };
  });
};
