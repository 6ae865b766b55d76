import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractConanLock } from './extract.ts';

/** Lock files of Conan 1 and 2. */
export const conanLock: FileExtractor = {
  name: 'conan-lock',
  type: 'conan',
  evidence: 'locked',
  reads: ['conan.lock'],
  wish: { names: ['conan.lock'] },
  maxBytes: maxTextBytes,
  extract: extractConanLock,
};
