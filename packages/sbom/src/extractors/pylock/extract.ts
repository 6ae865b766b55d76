import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readToml } from '../read-document.ts';
import { parsePylock } from './format.ts';

export const extractPylock = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parsePylock(await readToml(file)),
});
