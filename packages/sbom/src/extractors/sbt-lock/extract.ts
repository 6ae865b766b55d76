import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readJson } from '../read-document.ts';
import { parseSbtLock } from './format.ts';

export const extractSbtLock = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parseSbtLock(await readJson(file)),
});
