import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractUvLock } from './extract.ts';

/** Lock files of uv. */
export const uvLock: FileExtractor = {
  name: 'uv-lock',
  type: 'pypi',
  evidence: 'locked',
  reads: ['uv.lock'],
  wish: { names: ['uv.lock'] },
  maxBytes: maxTextBytes,
  extract: extractUvLock,
};
