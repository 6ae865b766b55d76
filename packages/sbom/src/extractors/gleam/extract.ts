import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readToml } from '../read-document.ts';
import { parseGleam } from './format.ts';

export const extractGleam = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parseGleam(await readToml(file)),
});
