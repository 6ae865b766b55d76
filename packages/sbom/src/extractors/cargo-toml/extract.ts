import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readToml } from '../read-document.ts';
import { parseCargoToml } from './format.ts';

export const extractCargoToml = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parseCargoToml(await readToml(file)),
});
