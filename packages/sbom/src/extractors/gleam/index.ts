import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractGleam } from './extract.ts';

/** Manifests and lock files of Gleam. */
export const gleam: FileExtractor = {
  name: 'gleam',
  type: 'hex',
  evidence: 'declared',
  reads: ['gleam.toml', 'manifest.toml'],
  wish: { names: ['gleam.toml', 'manifest.toml'], accepts: (path) => !path.includes('/build/packages/') },
  maxBytes: maxTextBytes,
  extract: extractGleam,
};
