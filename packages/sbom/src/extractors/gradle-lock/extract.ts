import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readText } from '../read-document.ts';
import { parseGradleLock } from './format.ts';

export const extractGradleLock = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parseGradleLock(await readText(file)),
});
