import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractPackageLock } from './extract.ts';

/** npm's lock files, versions 1 to 3, and those that are published with a package. */
export const packageLock: FileExtractor = {
  name: 'package-lock',
  type: 'npm',
  evidence: 'locked',
  reads: ['package-lock.json', 'npm-shrinkwrap.json'],
  wish: {
    names: ['package-lock.json', 'npm-shrinkwrap.json'],
    // What a package publishes of its own development says nothing about what is here.
    accepts: (path) => !path.includes('/node_modules/'),
  },
  maxBytes: maxTextBytes,
  extract: extractPackageLock,
};
