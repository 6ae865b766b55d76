import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readToml } from '../read-document.ts';
import { parseCargoLock } from './format.ts';

export const extractCargoLock = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parseCargoLock(await readToml(file)),
});
