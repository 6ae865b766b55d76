import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readText } from '../read-document.ts';
import { parsePaketDependencies, parsePaketLock } from './format.ts';

export const extractPaket = async (file: FoundFile): Promise<FileExtraction> => {
  const text = await readText(file);
  return { packages: file.name === 'paket.lock' ? parsePaketLock(text) : parsePaketDependencies(text) };
};
