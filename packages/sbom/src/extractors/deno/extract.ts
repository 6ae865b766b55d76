import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readJsonWithComments } from '../read-document.ts';
import { parseDenoConfig, parseDenoLock } from './format.ts';

export const extractDeno = async (file: FoundFile): Promise<FileExtraction> => {
  const document = await readJsonWithComments(file);
  return { packages: file.name === 'deno.lock' ? parseDenoLock(document) : parseDenoConfig(document) };
};
