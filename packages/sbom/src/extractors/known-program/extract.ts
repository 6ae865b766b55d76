import type { RandomAccessFile } from '../../file-system/file-system.ts';
import type { Program } from '../../program/program.ts';
import { programOf } from '../../program/sections.ts';
import type { FileContext, FileExtraction, FoundFile } from '../extractor.ts';
import { knownProgramsOf, type VersionFinder, versionFinder } from './format.ts';

/** Constants of the largest programs (node with its snapshots) have 60 MB. */
const maxSearchBytes = 256 * 1024 * 1024;
const chunkBytes = 1024 * 1024;
/** Where one piece ends within a text, the next begins before it. */
const overlapBytes = 256;

/** A program in which no version is found, such as a small one that starts another of its name, tells nothing. */
export const extractKnownProgram = async (file: FoundFile, { signal }: FileContext): Promise<FileExtraction> => {
  const finders = knownProgramsOf(file.name).map((program) => versionFinder(program, file.name));
  const opened = await file.open();
  if (!opened.ok) return { packages: [], problems: [opened.error] };
  await using content = opened.value;
  await search(content, await programOf(file, content), finders, signal);
  const [found] = finders.filter((finder) => finder.version() !== undefined);
  if (found === undefined) return { packages: [] };
  const { name, cpes } = found.program;
  return { packages: [{ name, version: found.version() ?? '', cpes, files: [file.path] }] };
};

const search = async (
  file: RandomAccessFile,
  program: Program,
  finders: readonly VersionFinder[],
  signal: AbortSignal,
): Promise<void> => {
  const isDone = finders.every((finder) => finder.program.takesNewest !== true);
  let left = maxSearchBytes;
  for (const { offset, sizeBytes } of constantsOf(program, file)) {
    const end = Math.min(offset + sizeBytes, file.sizeBytes);
    for (let at = offset; at < end && left > 0; at += chunkBytes) {
      signal.throwIfAborted();
      const bytes = await file.read(at, Math.min(chunkBytes + overlapBytes, end - at, left));
      left -= bytes.length;
      const piece = bytes.toString('latin1');
      for (const finder of finders) finder.look(piece);
      if (isDone && finders.some((finder) => finder.version() !== undefined)) return;
    }
  }
};

type Span = { readonly offset: number; readonly sizeBytes: number };

/** The sections that hold constants in ELF, PE and Mach-O; a program without a table of sections is searched as a whole. */
const constantsOf = ({ sections }: Program, file: RandomAccessFile): readonly Span[] => {
  const constants = sections.filter(({ name }) => constantSections.has(name));
  return constants.length > 0 ? constants : [{ offset: 0, sizeBytes: file.sizeBytes }];
};

const constantSections: ReadonlySet<string> = new Set(['.rodata', '.rdata', '.data', '__cstring', '__const']);
