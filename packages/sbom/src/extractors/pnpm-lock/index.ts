import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractPnpmLock } from './extract.ts';

/** pnpm's lock files, versions 5 to 9, also the one that it keeps beside what it installed. */
export const pnpmLock: FileExtractor = {
  name: 'pnpm-lock',
  type: 'npm',
  evidence: 'locked',
  reads: ['pnpm-lock.yaml', 'node_modules/.pnpm/lock.yaml'],
  wish: {
    names: ['pnpm-lock.yaml', 'lock.yaml'],
    accepts: (path) =>
      path.endsWith('/lock.yaml') ? path.endsWith('/node_modules/.pnpm/lock.yaml') : !path.includes('/node_modules/'),
  },
  maxBytes: maxTextBytes,
  extract: extractPnpmLock,
};
