import { problem } from '@parapet/core';
import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readJsonWithComments } from '../read-document.ts';
import { parseBunLock } from './format.ts';

export const extractBunLock = async (file: FoundFile): Promise<FileExtraction> => {
  const { packages, broken } = parseBunLock(await readJsonWithComments(file));
  return {
    packages,
    problems: broken === 0 ? [] : [problem('broken-entry', `${broken} entries name no package.`, file.path)],
  };
};
