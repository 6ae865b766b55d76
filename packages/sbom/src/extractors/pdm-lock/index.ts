import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractPdmLock } from './extract.ts';

/** Lock files of PDM. */
export const pdmLock: FileExtractor = {
  name: 'pdm-lock',
  type: 'pypi',
  evidence: 'locked',
  reads: ['pdm.lock'],
  wish: { names: ['pdm.lock'] },
  maxBytes: maxTextBytes,
  extract: extractPdmLock,
};
