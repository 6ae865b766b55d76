import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractYarnLock } from './extract.ts';

/** Yarn's lock files: its own format of version 1, and the YAML of Berry. */
export const yarnLock: FileExtractor = {
  name: 'yarn-lock',
  type: 'npm',
  evidence: 'locked',
  reads: ['yarn.lock'],
  wish: { names: ['yarn.lock'], accepts: (path) => !path.includes('/node_modules/') },
  maxBytes: maxTextBytes,
  extract: extractYarnLock,
};
