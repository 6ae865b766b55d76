import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readJson } from '../read-document.ts';
import { parsePipfileLock } from './format.ts';

export const extractPipfileLock = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parsePipfileLock(await readJson(file)),
});
