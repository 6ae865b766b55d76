import { problem } from '@parapet/core';
import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readYaml } from '../read-document.ts';
import { parsePnpmLock } from './format.ts';

export const extractPnpmLock = async (file: FoundFile): Promise<FileExtraction> => {
  const { packages, broken } = parsePnpmLock(await readYaml(file));
  const problems = broken === 0 ? [] : [problem('broken-entry', `${broken} entries name no package.`, file.path)];
  return { packages, problems };
};
