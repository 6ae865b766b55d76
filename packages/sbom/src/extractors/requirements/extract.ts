import { normalisePath, splitPath } from '../../file-system/path.ts';
import {
  type FileContext,
  type FileExtraction,
  type FoundFile,
  type FoundPackage,
  maxTextBytes,
} from '../extractor.ts';
import { readNeighbour, readText } from '../read-document.ts';
import { isRequirementsFile, parseRequirements } from './format.ts';

/** Files that one file includes, over all levels. */
const maxIncludes = 100;

/** Included files whose names tell what they are have been found by themselves; the others are read from here. */
export const extractRequirements = async (file: FoundFile, context: FileContext): Promise<FileExtraction> => {
  const packages: FoundPackage[] = [];
  const seen = new Set([file.path]);
  const take = (text: string, folder: string): string[] => {
    const parsed = parseRequirements(text);
    packages.push(...parsed.packages);
    return parsed.includes.map((name) => normalisePath(`${folder}/${name}`));
  };
  const pending = take(await readText(file), file.folder);
  while (pending.length > 0 && seen.size <= maxIncludes) {
    context.signal.throwIfAborted();
    const path = pending.pop() ?? '';
    if (seen.has(path) || isRequirementsFile(path)) continue;
    seen.add(path);
    const text = await readNeighbour(context, path, maxTextBytes);
    if (text !== undefined) pending.push(...take(text, splitPath(path).folder));
  }
  return { packages };
};
