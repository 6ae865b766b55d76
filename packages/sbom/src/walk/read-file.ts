import { fail, messageOf, ok, type Problem, problem } from '@parapet/core';
import {
  type FileContext,
  type FileExtraction,
  type FileExtractor,
  FormatError,
  type FoundFile,
} from '../extractors/extractor.ts';
import type { RandomAccessFile } from '../file-system/file-system.ts';
import { splitPath, tooLarge } from '../file-system/path.ts';

/** What one extractor read from one file. */
export type FileReading = FileExtraction & {
  readonly extractor: FileExtractor;
  readonly path: string;
  readonly layer: string | undefined;
};

/** A file with a function that opens it; each opening is closed by whoever asked for it. */
export type OpenableFile = {
  readonly path: string;
  readonly sizeBytes: number;
  readonly layer: string | undefined;
  readonly open: FoundFile['open'];
};

/** Lets extractors read a file. A failure costs this file's packages and is a problem; rejects only when the signal aborts. */
export const readWith = async (
  extractors: readonly FileExtractor[],
  file: OpenableFile,
  context: FileContext,
): Promise<readonly FileReading[]> => {
  const readings: FileReading[] = [];
  const found = foundFileOf(file);
  for (const extractor of extractors) {
    context.signal.throwIfAborted();
    const extraction = await readOne(extractor, found, context);
    if (extraction.packages.length + (extraction.problems?.length ?? 0) > 0) {
      readings.push({ ...extraction, extractor, path: file.path, layer: file.layer });
    }
  }
  return readings;
};

const readOne = async (extractor: FileExtractor, file: FoundFile, context: FileContext): Promise<FileExtraction> => {
  if (file.sizeBytes > extractor.maxBytes) return failed(tooLarge(file.path, extractor.maxBytes));
  try {
    return await extractor.extract(file, context);
  } catch (error) {
    context.signal.throwIfAborted();
    const reason = error instanceof FormatError ? error.message : messageOf(error).split('\n', 1)[0];
    return failed(problem('broken-file', `The file could not be read by ${extractor.name}: ${reason}`, file.path));
  }
};

const failed = (reason: Problem): FileExtraction => ({ packages: [], problems: [reason] });

const foundFileOf = ({ path, sizeBytes, open }: OpenableFile): FoundFile => {
  const { folder, name } = splitPath(path);
  const bytes: FoundFile['bytes'] = async () => {
    const opened = await open();
    if (!opened.ok) return opened;
    await using file = opened.value;
    return ok(await file.read(0, file.sizeBytes));
  };
  return {
    path,
    name,
    folder,
    sizeBytes,
    open,
    bytes,
    text: async () => {
      const content = await bytes();
      return content.ok ? ok(textOf(content.value)) : fail(content.error);
    },
  };
};

/** Windows editors write byte order marks, and some write UTF-16. */
const textOf = (content: Buffer): string => {
  if (content[0] === 0xff && content[1] === 0xfe) return content.toString('utf16le', 2);
  return content.toString('utf8', content[0] === 0xef && content[1] === 0xbb && content[2] === 0xbf ? 3 : 0);
};

/** For a file that is open already, or in memory. */
export const openableOf = (path: string, file: RandomAccessFile, layer?: string): OpenableFile => ({
  path,
  sizeBytes: file.sizeBytes,
  layer,
  open: async () => ok({ sizeBytes: file.sizeBytes, read: file.read, [Symbol.asyncDispose]: async () => {} }),
});
