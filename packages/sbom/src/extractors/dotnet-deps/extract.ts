import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readJson } from '../read-document.ts';
import { parseLibraries } from './format.ts';

export const extractDotnetDeps = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parseLibraries(await readJson(file)).map(([found]) => found),
});
