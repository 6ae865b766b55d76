import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readText } from '../read-document.ts';
import { parseTerraformLock } from './format.ts';

export const extractTerraformLock = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parseTerraformLock(await readText(file)),
});
