import type { FileExtractor } from '../extractor.ts';
import { extractRDescription } from './extract.ts';

/** Packages that are installed into a library of R. */
export const rDescription: FileExtractor = {
  name: 'r-description',
  type: 'cran',
  evidence: 'installed',
  reads: ['DESCRIPTION'],
  wish: { names: ['DESCRIPTION'] },
  // The longest of CRAN have some 50 KB.
  maxBytes: 4 * 1024 * 1024,
  extract: extractRDescription,
};
