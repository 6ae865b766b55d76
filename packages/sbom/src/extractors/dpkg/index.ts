import type { DatabaseExtractor } from '../extractor.ts';
import { extractDpkg } from './extract.ts';
import { isDpkgFile, statusFile, statusFolder } from './format.ts';

/** Packages of Debian and its kin, and of distroless images. */
export const dpkg: DatabaseExtractor = {
  name: 'dpkg',
  reads: [statusFile, `${statusFolder}/*`, '/var/lib/dpkg/info/*.list'],
  wanted: isDpkgFile,
  extract: extractDpkg,
};
