import { isProgramHead } from '../../program/sections.ts';
import type { FileExtractor } from '../extractor.ts';
import { extractGoBinary } from './extract.ts';

/** Modules that are compiled into programs of Go, by the build information that every one carries since 1.13. */
export const goBinary: FileExtractor = {
  name: 'go-binary',
  type: 'golang',
  evidence: 'binary',
  reads: ['programs (ELF, PE, Mach-O)'],
  wish: { program: isProgramHead },
  maxBytes: 2 * 1024 * 1024 * 1024,
  extract: extractGoBinary,
};
