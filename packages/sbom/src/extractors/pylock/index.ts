import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractPylock } from './extract.ts';
import { isPylock } from './format.ts';

/** Lock files by PEP 751. */
export const pylock: FileExtractor = {
  name: 'pylock',
  type: 'pypi',
  evidence: 'locked',
  reads: ['pylock.toml', 'pylock.*.toml'],
  wish: { extensions: ['toml'], accepts: isPylock },
  maxBytes: maxTextBytes,
  extract: extractPylock,
};
