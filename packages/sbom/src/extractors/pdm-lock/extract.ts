import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readToml } from '../read-document.ts';
import { parsePdmLock } from './format.ts';

export const extractPdmLock = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parsePdmLock(await readToml(file)),
});
