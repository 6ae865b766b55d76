import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readYaml } from '../read-document.ts';
import { parsePubLock } from './format.ts';

export const extractPubLock = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parsePubLock(await readYaml(file)),
});
