import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readJson } from '../read-document.ts';
import { parseSwiftResolved } from './format.ts';

export const extractSwiftResolved = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parseSwiftResolved(await readJson(file)),
});
