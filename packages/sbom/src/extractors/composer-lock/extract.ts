import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readJson } from '../read-document.ts';
import { parseComposerLock } from './format.ts';

export const extractComposerLock = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parseComposerLock(await readJson(file)),
});
