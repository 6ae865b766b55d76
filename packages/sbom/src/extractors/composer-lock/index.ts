import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractComposerLock } from './extract.ts';

/** Lock files of Composer. */
export const composerLock: FileExtractor = {
  name: 'composer-lock',
  type: 'composer',
  evidence: 'locked',
  reads: ['composer.lock'],
  wish: { names: ['composer.lock'], accepts: (path) => !path.includes('/vendor/') },
  maxBytes: maxTextBytes,
  extract: extractComposerLock,
};
