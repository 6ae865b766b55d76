import type { FileExtractor } from '../extractor.ts';
import { extractJavaRelease } from './extract.ts';

/** Runtimes of Java that came without a package, by the file that each has since version 7. */
export const javaRelease: FileExtractor = {
  name: 'java-release',
  type: 'generic',
  evidence: 'installed',
  reads: ['release'],
  wish: { names: ['release'] },
  // The longest name 70 modules.
  maxBytes: 64 * 1024,
  onlyUnowned: true,
  extract: extractJavaRelease,
};
