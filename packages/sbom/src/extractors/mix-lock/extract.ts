import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readText } from '../read-document.ts';
import { parseHexLock } from './format.ts';

export const extractMixLock = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parseHexLock(await readText(file)),
});
