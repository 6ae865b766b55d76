import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readToml } from '../read-document.ts';
import { parsePyproject } from './format.ts';

export const extractPyproject = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parsePyproject(await readToml(file)),
});
