import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readJson } from '../read-document.ts';
import { parsePackageLock } from './format.ts';

export const extractPackageLock = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parsePackageLock(await readJson(file)),
});
