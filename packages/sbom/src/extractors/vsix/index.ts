import type { FileExtractor } from '../extractor.ts';
import { extractVsix } from './extract.ts';

/** Extensions of Visual Studio Code, packed: the packages of JavaScript in them. */
export const vsix: FileExtractor = {
  name: 'vsix',
  type: 'npm',
  evidence: 'installed',
  reads: ['*.vsix'],
  wish: { extensions: ['vsix'] },
  maxBytes: 512 * 1024 * 1024,
  extract: extractVsix,
};
