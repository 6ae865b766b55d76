import type { FileExtraction, FoundFile } from '../extractor.ts';
import { readJson, readText, readYaml } from '../read-document.ts';
import { isOfInstalled, parseMeta, parseSnapshot } from './format.ts';

export const extractCpan = async (file: FoundFile): Promise<FileExtraction> => {
  if (file.name === 'cpanfile.snapshot') return { packages: parseSnapshot(await readText(file)) };
  const found = parseMeta(file.name.endsWith('.yml') ? await readYaml(file) : await readJson(file));
  if (found === undefined) return { packages: [] };
  return { packages: [{ ...found, evidence: isOfInstalled(file.path) ? 'installed' : 'declared' }] };
};
