import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readToml } from '../read-document.ts';
import { parsePoetryLock } from './format.ts';

export const extractPoetryLock = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parsePoetryLock(await readToml(file)),
});
