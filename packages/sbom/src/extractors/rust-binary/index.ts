import { isProgramHead } from '../../program/sections.ts';
import type { FileExtractor } from '../extractor.ts';
import { extractRustBinary } from './extract.ts';

/** Crates that are compiled into a program, where it was built with cargo-auditable. */
export const rustBinary: FileExtractor = {
  name: 'rust-binary',
  type: 'cargo',
  evidence: 'binary',
  reads: ['programs (ELF, PE, Mach-O)'],
  wish: { program: isProgramHead },
  maxBytes: 2 * 1024 * 1024 * 1024,
  extract: extractRustBinary,
};
