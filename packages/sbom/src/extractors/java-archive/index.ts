import type { FileExtractor } from '../extractor.ts';
import { extractJavaArchive } from './extract.ts';
import { archiveExtensions } from './format.ts';

/** Archives of Java and what they carry in themselves: nested archives, and packages that were shaded into one. */
export const javaArchive: FileExtractor = {
  name: 'java-archive',
  type: 'maven',
  evidence: 'installed',
  reads: archiveExtensions.map((extension) => `*.${extension}`),
  wish: { extensions: archiveExtensions },
  maxBytes: 2 * 1024 * 1024 * 1024,
  extract: extractJavaArchive,
};
