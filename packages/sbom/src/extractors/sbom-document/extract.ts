import { readSbom } from '../../readers/read-sbom.ts';
import { isTagValue } from '../../readers/tag-value.ts';
import type { FileExtraction, FoundFile } from '../extractor.ts';
import { FormatError } from '../extractor.ts';
import { readText } from '../read-document.ts';
import { foundOf, isOfBitnami } from './format.ts';

/** A file of such a name in another format is none of ours; one that says it is an SBOM and cannot be read is a problem. */
export const extractSbomDocument = async (file: FoundFile): Promise<FileExtraction> => {
  const text = await readText(file);
  // What packages carry as `LICENSE.spdx` says whose they are, not what is installed.
  if (isTagValue(text)) return { packages: [] };
  const read = readSbom(text, { name: file.path, at: new Date(0).toISOString() });
  if (read.ok) {
    const problems = read.value.problems.map(({ code, message }) => ({ code, message, at: file.path }));
    return { packages: foundOf(read.value.packages, isOfBitnami(file.path)), problems };
  }
  if (read.error.code === 'unknown-format' || read.error.code === 'not-json') return { packages: [] };
  throw new FormatError(read.error.message);
};
