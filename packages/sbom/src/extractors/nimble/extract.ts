import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readJson, readText } from '../read-document.ts';
import { parseNimbleFile, parseNimbleLock } from './format.ts';

export const extractNimble = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: file.name === 'nimble.lock' ? parseNimbleLock(await readJson(file)) : parseNimbleFile(await readText(file)),
});
