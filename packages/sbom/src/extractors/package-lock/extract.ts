import type { FileContext, FileExtraction, FoundFile } from '../extractor.ts';
import { readJson } from '../read-document.ts';
import { parsePackageLock } from './format.ts';

const shrinkwrap = 'npm-shrinkwrap.json';

/** npm passes over its lock file beside a shrinkwrap. In a stream the neighbour cannot be asked for, and both are read. */
export const extractPackageLock = async (file: FoundFile, context: FileContext): Promise<FileExtraction> => {
  if (file.name !== shrinkwrap && (await context.fileSystem.lstat(`${file.folder}/${shrinkwrap}`)).ok)
    return { packages: [] };
  return { packages: parsePackageLock(await readJson(file)) };
};
