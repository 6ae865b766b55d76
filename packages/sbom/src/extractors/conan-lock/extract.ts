import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readJson } from '../read-document.ts';
import { parseConanLock } from './format.ts';

export const extractConanLock = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parseConanLock(await readJson(file)),
});
