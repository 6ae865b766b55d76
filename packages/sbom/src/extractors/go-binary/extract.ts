import type { RandomAccessFile } from '../../file-system/file-system.ts';
import { fieldReader } from '../../program/elf.ts';
import type { Program, Section } from '../../program/program.ts';
import { programOf, readAddress, sectionNamed } from '../../program/sections.ts';
import type { FileExtraction, FoundFile } from '../extractor.ts';
import { type BuildInfo, headerBytes, magic, parseBuildInfo, readVarString, withoutFrame } from './format.ts';

/** Module lines of the largest programs have 100 KB. */
const maxInfoBytes = 4 * 1024 * 1024;
/** Windows programs have no section of their own for it; it lies near the beginning of the data. */
const maxSearchBytes = 1024 * 1024;

/** A program that is not of Go, or has lost its build information, has no packages. */
export const extractGoBinary = async (file: FoundFile): Promise<FileExtraction> => {
  const opened = await file.open();
  if (!opened.ok) return { packages: [], problems: [opened.error] };
  await using content = opened.value;
  const program = await programOf(file, content);
  const info = await findBuildInfo(content, program);
  if (info === undefined) return { packages: [] };
  return { packages: parseBuildInfo(info).map((found) => ({ ...found, files: [file.path] })) };
};

const findBuildInfo = async (file: RandomAccessFile, program: Program): Promise<BuildInfo | undefined> => {
  const section =
    sectionNamed(program, '.go.buildinfo', '__go_buildinfo') ??
    (program.format === 'pe' ? sectionNamed(program, '.data') : undefined);
  if (section === undefined) return undefined;
  const bytes = await file.read(section.offset, Math.min(section.sizeBytes, maxSearchBytes));
  const at = findMagic(bytes);
  if (at === undefined || at + headerBytes > bytes.length) return undefined;
  const flags = bytes[at + 15] ?? 0;
  return (flags & 2) !== 0
    ? inlineInfo(file, section, at)
    : pointedInfo(file, program, bytes.subarray(at, at + headerBytes));
};

const findMagic = (bytes: Buffer): number | undefined => {
  for (let at = bytes.indexOf(magic); at >= 0; at = bytes.indexOf(magic, at + 1)) if (at % 16 === 0) return at;
  return undefined;
};

/** Since Go 1.18 both strings follow the header. */
const inlineInfo = async (file: RandomAccessFile, section: Section, at: number): Promise<BuildInfo | undefined> => {
  const length = Math.min(section.sizeBytes - at, maxInfoBytes);
  const bytes = await file.read(section.offset + at, length);
  const version = readVarString(bytes, headerBytes);
  const modules = version === undefined ? undefined : readVarString(bytes, version.end);
  return version === undefined ? undefined : { goVersion: version.text, modules: modules?.text ?? '' };
};

/** Before, the header pointed to two strings, each a pointer to its bytes and a length. */
const pointedInfo = async (
  file: RandomAccessFile,
  program: Program,
  header: Buffer,
): Promise<BuildInfo | undefined> => {
  const pointerBytes = header[14];
  if (pointerBytes !== 4 && pointerBytes !== 8) return undefined;
  const fields = fieldReader((header[15] ?? 0) === 1);
  const pointer = (from: Buffer, at: number): number =>
    from.length < at + pointerBytes ? 0 : pointerBytes === 8 ? fields.u64(from, at) : fields.u32(from, at);
  const stringAt = async (address: number): Promise<string> => {
    const pair = await readAddress(file, program, address, 2 * pointerBytes);
    const length = pointer(pair, pointerBytes);
    if (length === 0 || length > maxInfoBytes) return '';
    return withoutFrame(await readAddress(file, program, pointer(pair, 0), length));
  };
  const goVersion = await stringAt(pointer(header, 16));
  return goVersion === '' ? undefined : { goVersion, modules: await stringAt(pointer(header, 16 + pointerBytes)) };
};
