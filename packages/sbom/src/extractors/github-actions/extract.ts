import type { FileExtraction, FoundFile } from '../extractor.ts';
import { parseYaml, readText } from '../read-document.ts';
import { parseActions } from './format.ts';

export const extractGithubActions = async (file: FoundFile): Promise<FileExtraction> => {
  const text = await readText(file);
  return { packages: parseActions(parseYaml(text), text) };
};
