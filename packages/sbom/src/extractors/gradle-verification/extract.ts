import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readText } from '../read-document.ts';
import { parseVerification } from './format.ts';

export const extractGradleVerification = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parseVerification(await readText(file)),
});
