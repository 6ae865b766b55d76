import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractGemspec } from './extract.ts';
import { isOfInterest } from './format.ts';

/** Gems: the descriptions of installed ones, and of those that a project builds. */
export const gemspec: FileExtractor = {
  name: 'gemspec',
  type: 'gem',
  evidence: 'installed',
  reads: ['*.gemspec'],
  wish: { names: ['version.rb'], extensions: ['gemspec'], accepts: isOfInterest },
  maxBytes: maxTextBytes,
  needsNeighbours: true,
  extract: extractGemspec,
};
