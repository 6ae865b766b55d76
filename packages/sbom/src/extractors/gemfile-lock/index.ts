import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractGemfileLock } from './extract.ts';

/** Lock files of Bundler. */
export const gemfileLock: FileExtractor = {
  name: 'gemfile-lock',
  type: 'gem',
  evidence: 'locked',
  reads: ['Gemfile.lock', 'gems.locked'],
  wish: { names: ['Gemfile.lock', 'gems.locked'] },
  maxBytes: maxTextBytes,
  extract: extractGemfileLock,
};
