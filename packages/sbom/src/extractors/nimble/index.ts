import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractNimble } from './extract.ts';

/** Nim's lock files, and what the manifests of packages ask for; https://nim-lang.github.io/nimble/. */
export const nimble: FileExtractor = {
  name: 'nimble',
  type: 'nim',
  evidence: 'locked',
  reads: ['nimble.lock', '*.nimble'],
  wish: { names: ['nimble.lock'], extensions: ['nimble'] },
  maxBytes: maxTextBytes,
  extract: extractNimble,
};
