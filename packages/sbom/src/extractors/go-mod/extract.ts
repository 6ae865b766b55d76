import { type FileContext, type FileExtraction, type FoundFile, maxTextBytes } from '../extractor.ts';
import { readNeighbour, readText } from '../read-document.ts';
import { needsSums, packagesOf, parseGoMod, parseGoSum } from './format.ts';

/** The file of checksums is wished for so that a stream keeps it; it tells nothing without its neighbour. */
export const extractGoMod = async (file: FoundFile, context: FileContext): Promise<FileExtraction> => {
  if (file.name === 'go.sum') return { packages: [] };
  const mod = parseGoMod(await readText(file));
  const sums = needsSums(mod) ? await readNeighbour(context, `${file.folder}/go.sum`, maxTextBytes) : undefined;
  return { packages: packagesOf(mod, sums === undefined ? [] : parseGoSum(sums)) };
};
