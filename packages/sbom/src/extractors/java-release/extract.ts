import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readText } from '../read-document.ts';
import { parseRelease } from './format.ts';

export const extractJavaRelease = async (file: FoundFile): Promise<FileExtraction> => {
  const found = parseRelease(await readText(file));
  if (found === undefined) return { packages: [] };
  const files = ['bin/java', 'lib/server/libjvm.so'].map((path) => `${file.folder === '/' ? '' : file.folder}/${path}`);
  return { packages: [{ ...found, files }] };
};
