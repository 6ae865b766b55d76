import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readToml } from '../read-document.ts';
import { parseUvLock } from './format.ts';

export const extractUvLock = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parseUvLock(await readToml(file)),
});
