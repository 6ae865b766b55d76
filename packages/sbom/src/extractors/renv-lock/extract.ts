import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readJson } from '../read-document.ts';
import { parseRenvLock } from './format.ts';

export const extractRenvLock = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parseRenvLock(await readJson(file)),
});
