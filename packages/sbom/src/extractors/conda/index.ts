import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractConda } from './extract.ts';
import { isCondaFile } from './format.ts';

/** Packages that Conda installed, and environments that it is asked to make. */
export const conda: FileExtractor = {
  name: 'conda',
  type: 'conda',
  evidence: 'installed',
  reads: ['conda-meta/*.json', 'environment.yml'],
  wish: { names: ['environment.yml', 'environment.yaml'], extensions: ['json'], accepts: isCondaFile },
  maxBytes: maxTextBytes,
  extract: extractConda,
};
