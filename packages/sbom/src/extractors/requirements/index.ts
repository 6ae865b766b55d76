import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractRequirements } from './extract.ts';
import { isRequirementsFile } from './format.ts';

/** Requirements files of pip, with the files that they include. */
export const requirements: FileExtractor = {
  name: 'requirements',
  type: 'pypi',
  evidence: 'declared',
  reads: ['requirements*.txt', '*requirements.txt', 'requirements/*.txt'],
  wish: { extensions: ['txt'], accepts: isRequirementsFile },
  maxBytes: maxTextBytes,
  needsNeighbours: true,
  extract: extractRequirements,
};
