import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readJson } from '../read-document.ts';
import { parseNugetLock, parseProjectAssets } from './format.ts';

export const extractNugetLock = async (file: FoundFile): Promise<FileExtraction> => {
  const document = await readJson(file);
  return { packages: file.name === 'packages.lock.json' ? parseNugetLock(document) : parseProjectAssets(document) };
};
