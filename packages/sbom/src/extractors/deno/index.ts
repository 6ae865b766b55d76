import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractDeno } from './extract.ts';

/** Deno's lock files, versions 2 to 5, and the imports of its configuration. */
export const deno: FileExtractor = {
  name: 'deno',
  type: 'npm',
  evidence: 'locked',
  reads: ['deno.lock', 'deno.json', 'deno.jsonc'],
  wish: { names: ['deno.lock', 'deno.json', 'deno.jsonc'], accepts: (path) => !path.includes('/node_modules/') },
  maxBytes: maxTextBytes,
  extract: extractDeno,
};
