import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readText } from '../read-document.ts';
import { parseDescription } from './format.ts';

/** A package's shared library is named after it; a process that uses it maps that. */
export const extractRDescription = async (file: FoundFile): Promise<FileExtraction> => {
  const found = parseDescription(await readText(file));
  if (found === undefined) return { packages: [] };
  return { packages: [{ ...found, files: [`${file.folder}/libs/${found.name}.so`] }] };
};
