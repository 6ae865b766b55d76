import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readText } from '../read-document.ts';
import { parseInstalledPackages } from './format.ts';

export const extractComposerInstalled = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parseInstalledPackages(JSON.parse(await readText(file))),
});
