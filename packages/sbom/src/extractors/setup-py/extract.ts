import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readText } from '../read-document.ts';
import { parseSetup } from './format.ts';

export const extractSetupPy = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parseSetup(await readText(file)),
});
