import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractGradleCatalog } from './extract.ts';
import { isCatalog } from './format.ts';

/** Version catalogues of Gradle. */
export const gradleCatalog: FileExtractor = {
  name: 'gradle-catalog',
  type: 'maven',
  evidence: 'declared',
  reads: ['gradle/*.versions.toml'],
  wish: { extensions: ['toml'], accepts: isCatalog },
  maxBytes: maxTextBytes,
  extract: extractGradleCatalog,
};
