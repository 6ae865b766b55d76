import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readText } from '../read-document.ts';
import { parseGemfileLock } from './format.ts';

export const extractGemfileLock = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parseGemfileLock(await readText(file)),
});
