import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readText } from '../read-document.ts';
import { parseYarnLock } from './format.ts';

export const extractYarnLock = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parseYarnLock(await readText(file)),
});
