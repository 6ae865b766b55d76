import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readYaml } from '../read-document.ts';
import { parsePodfileLock } from './format.ts';

export const extractPodfileLock = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: parsePodfileLock(await readYaml(file)),
});
