import { FormatError, type FoundFile } from '../extractors/extractor.ts';
import type { RandomAccessFile } from '../file-system/file-system.ts';
import { readElf } from './elf.ts';
import { readMachO } from './mach-o.ts';
import { readPe } from './pe.ts';
import type { Program, Section } from './program.ts';

/** Whether the first bytes are those of a program in one of the three formats. A class of Java begins like a fat Mach-O. */
export const isProgramHead = (head: Buffer): boolean => formatOf(head) !== undefined;

const formatOf = (head: Buffer): 'elf' | 'mach-o' | 'fat' | 'pe' | undefined => {
  if (head.length < 8) return undefined;
  const magic = head.readUInt32BE(0);
  if (magic === 0x7f454c46) return 'elf';
  if (magic === 0xfeedface || magic === 0xfeedfacf || magic === 0xcefaedfe || magic === 0xcffaedfe) return 'mach-o';
  if (magic === 0xcafebabe && head.readUInt32BE(4) < 20) return 'fat';
  return head.readUInt16BE(0) === 0x4d5a ? 'pe' : undefined;
};

/** Reads the sections of a program. Throws {@link FormatError}. */
export const readProgram = async (file: RandomAccessFile): Promise<Program> => {
  const head = await file.read(0, 64);
  switch (formatOf(head)) {
    case 'elf':
      return readElf(file);
    case 'mach-o':
      return readMachO(file, 0);
    case 'fat':
      // All parts are built from the same packages: the first one tells.
      return readMachO(file, (await file.read(16, 4)).readUInt32BE(0));
    case 'pe':
      return readPe(file);
    case undefined:
      throw new FormatError('it is no program.');
  }
};

const known = new WeakMap<FoundFile, Promise<Program>>();

/** The same for all extractors that read one file. */
export const programOf = (found: FoundFile, file: RandomAccessFile): Promise<Program> => {
  const program = known.get(found) ?? readProgram(file);
  known.set(found, program);
  return program;
};

export const sectionNamed = ({ sections }: Program, ...names: readonly string[]): Section | undefined =>
  sections.find(({ name, sizeBytes }) => names.includes(name) && sizeBytes > 0);

/** Bytes at an address of the loaded program; empty where there are none. */
export const readAddress = async (
  file: RandomAccessFile,
  { sections }: Program,
  address: number,
  length: number,
): Promise<Buffer> => {
  const section = sections.find((one) => address >= one.address && address < one.address + one.sizeBytes);
  if (section === undefined) return Buffer.alloc(0);
  const at = address - section.address;
  return file.read(section.offset + at, Math.min(length, section.sizeBytes - at));
};
