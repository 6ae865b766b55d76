import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractBunLock } from './extract.ts';

/** Bun's lock files as text. The older binary ones (`bun.lockb`) are not read. */
export const bunLock: FileExtractor = {
  name: 'bun-lock',
  type: 'npm',
  evidence: 'locked',
  reads: ['bun.lock'],
  wish: { names: ['bun.lock'], accepts: (path) => !path.includes('/node_modules/') },
  maxBytes: maxTextBytes,
  extract: extractBunLock,
};
