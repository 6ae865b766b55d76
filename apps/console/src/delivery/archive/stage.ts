import { createHash, type Hash } from 'node:crypto';
import { constants, createReadStream } from 'node:fs';
import { copyFile, type FileHandle, open, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError, type Problem, type Result } from '@parapet/core';
import type { ArchiveFile, ArchiveSources } from './archive-files.ts';
import { loaderBlanks } from './c-library.ts';
import { type Patch, planBlanks, planLoader, planStrip } from './edit-elf.ts';
import { openBytes, readElf } from './elf-file.ts';

/** A file as it goes into the archive, edited where need be, with what the manifest says of it. */
export type StagedFile = {
  readonly path: string;
  readonly mode: number;
  readonly sizeBytes: number;
  readonly sha256: string;
  readonly content: ArchiveFile['content'];
};

/** Where every version lies on every host; Node's loader is found by it. */
export const versionsDir = '/opt/parapet-sensor/versions';

/** Raised when the same input makes another archive, e.g. when the editing of programs changes. */
const builderRevision = 1;

/**
 * The name of this content: 12 hex digits over all that goes in, before it is edited. The folder on the host is named by it, and
 * Node is edited to find its loader in that folder, so it cannot be over the result.
 */
export const contentId = async (sources: ArchiveSources, files: readonly ArchiveFile[]): Promise<string> => {
  const hash = createHash('sha256');
  const { version, architecture } = sources;
  hash.update(JSON.stringify({ builderRevision, version, architecture }));
  for (const file of sorted(files)) {
    hash.update(`\n${file.path}\0${file.mode}\0${file.edit ?? ''}\0${(await digestOf(file.content)).sha256}`);
  }
  return hash.digest('hex').slice(0, 12);
};

/** Edits what is to be edited into `workDir` and measures everything. Throws AppError when a program cannot be edited. */
export const stageFiles = async (
  files: readonly ArchiveFile[],
  options: { readonly workDir: string; readonly folder: string; readonly loader: string | undefined },
): Promise<readonly StagedFile[]> => {
  const staged: StagedFile[] = [];
  for (const file of sorted(files)) {
    const content = await editedContent(file, options);
    staged.push({ path: file.path, mode: file.mode, content, ...(await digestOf(content)) });
  }
  return staged;
};

export const digestOf = async (content: ArchiveFile['content']): Promise<{ sizeBytes: number; sha256: string }> => {
  const hash = createHash('sha256');
  if (content.kind === 'text') {
    hash.update(content.text);
    return { sizeBytes: Buffer.byteLength(content.text), sha256: hash.digest('hex') };
  }
  const sizeBytes = await readInto(content.path, hash);
  return { sizeBytes, sha256: hash.digest('hex') };
};

const readInto = async (path: string, hash: Hash): Promise<number> => {
  let sizeBytes = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1024 * 1024 })) {
    hash.update(chunk as Buffer);
    sizeBytes += (chunk as Buffer).length;
  }
  return sizeBytes;
};

const sorted = (files: readonly ArchiveFile[]): readonly ArchiveFile[] =>
  [...files].sort((one, other) => (one.path < other.path ? -1 : 1));

const editedContent = async (
  file: ArchiveFile,
  options: { readonly workDir: string; readonly folder: string; readonly loader: string | undefined },
): Promise<ArchiveFile['content']> => {
  if (file.edit === undefined || file.content.kind !== 'file') return file.content;
  const copy = join(options.workDir, file.path.replaceAll('/', '_'));
  await copyFile(file.content.path, copy, constants.COPYFILE_FICLONE);
  const { patches, keepBytes } =
    file.edit === 'program'
      ? await planProgram(copy, options.folder, options.loader)
      : { patches: orThrow(planBlanks(await readFile(copy), loaderBlanks)), keepBytes: (await stat(copy)).size };
  await using target = await open(copy, 'r+');
  await target.truncate(keepBytes);
  for (const patch of patches) await writeAll(target, patch);
  return { kind: 'file', path: copy };
};

const planProgram = async (path: string, folder: string, loader: string | undefined) => {
  await using bytes = await openBytes(path);
  const elf = orThrow(await readElf(bytes));
  const strip = planStrip(elf);
  if (loader === undefined) return strip;
  const texts = { interpreter: `${versionsDir}/${folder}/lib/${loader}`, searchPath: '$ORIGIN/../lib' };
  return { keepBytes: strip.keepBytes, patches: [...strip.patches, ...orThrow(planLoader(elf, texts))] };
};

const writeAll = async (target: FileHandle, { offset, bytes }: Patch): Promise<void> => {
  let written = 0;
  while (written < bytes.length) {
    written += (await target.write(bytes, written, bytes.length - written, offset + written)).bytesWritten;
  }
};

const orThrow = <T>(result: Result<T, Problem>): T => {
  if (result.ok) return result.value;
  throw new AppError(result.error.code, 500, result.error.message);
};
