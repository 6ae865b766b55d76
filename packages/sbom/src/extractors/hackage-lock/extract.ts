import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readText, readYaml } from '../read-document.ts';
import { parseFreeze, parseStackLock } from './format.ts';

export const extractHackageLock = async (file: FoundFile): Promise<FileExtraction> => ({
  packages: file.name === 'stack.yaml.lock' ? parseStackLock(await readYaml(file)) : parseFreeze(await readText(file)),
});
