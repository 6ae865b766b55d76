import type { FileExtractor } from '../extractor.ts';
import { extractGoToolchain } from './extract.ts';
import { isOfToolchain } from './format.ts';

/** Toolchains of Go, by the file at their root. */
export const goToolchain: FileExtractor = {
  name: 'go-toolchain',
  type: 'golang',
  evidence: 'installed',
  reads: ['go/VERSION'],
  wish: { names: ['VERSION'], accepts: isOfToolchain },
  maxBytes: 64 * 1024,
  extract: extractGoToolchain,
};
