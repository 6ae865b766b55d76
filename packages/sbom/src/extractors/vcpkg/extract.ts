import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readJson, readText } from '../read-document.ts';
import { parseManifest, parseStatus } from './format.ts';

export const extractVcpkg = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: file.name === 'status' ? parseStatus(await readText(file)) : parseManifest(await readJson(file)),
});
