import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractPom } from './extract.ts';
import { isProjectPom } from './format.ts';

/** What a project of Maven declares, with what its parents in the same tree say about it. */
export const pom: FileExtractor = {
  name: 'pom',
  type: 'maven',
  evidence: 'declared',
  reads: ['pom.xml', '*.pom'],
  wish: { names: ['pom.xml'], extensions: ['pom'], accepts: isProjectPom },
  maxBytes: maxTextBytes,
  needsNeighbours: true,
  extract: extractPom,
};
