import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractComposerInstalled } from './extract.ts';

/** Packages of PHP that Composer installed. */
export const composerInstalled: FileExtractor = {
  name: 'composer-installed',
  type: 'composer',
  evidence: 'installed',
  reads: ['vendor/composer/installed.json'],
  wish: { names: ['installed.json'], accepts: (path) => path.endsWith('/composer/installed.json') },
  maxBytes: maxTextBytes,
  extract: extractComposerInstalled,
};
