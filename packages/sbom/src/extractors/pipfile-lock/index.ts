import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractPipfileLock } from './extract.ts';

/** Lock files of Pipenv. */
export const pipfileLock: FileExtractor = {
  name: 'pipfile-lock',
  type: 'pypi',
  evidence: 'locked',
  reads: ['Pipfile.lock'],
  wish: { names: ['Pipfile.lock'] },
  maxBytes: maxTextBytes,
  extract: extractPipfileLock,
};
