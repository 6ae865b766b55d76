import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractPoetryLock } from './extract.ts';

/** Lock files of Poetry. */
export const poetryLock: FileExtractor = {
  name: 'poetry-lock',
  type: 'pypi',
  evidence: 'locked',
  reads: ['poetry.lock'],
  wish: { names: ['poetry.lock'] },
  maxBytes: maxTextBytes,
  extract: extractPoetryLock,
};
