import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readToml } from '../read-document.ts';
import { parseCatalog } from './format.ts';

export const extractGradleCatalog = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parseCatalog(await readToml(file)),
});
