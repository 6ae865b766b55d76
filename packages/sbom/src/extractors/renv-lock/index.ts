import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractRenvLock } from './extract.ts';

/** Lock files of renv (R). */
export const renvLock: FileExtractor = {
  name: 'renv-lock',
  type: 'cran',
  evidence: 'locked',
  reads: ['renv.lock'],
  wish: { names: ['renv.lock'] },
  maxBytes: maxTextBytes,
  extract: extractRenvLock,
};
