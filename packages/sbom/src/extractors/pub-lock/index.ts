import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractPubLock } from './extract.ts';

/** Lock files of pub, for Dart and Flutter. */
export const pubLock: FileExtractor = {
  name: 'pub-lock',
  type: 'pub',
  evidence: 'locked',
  reads: ['pubspec.lock'],
  wish: { names: ['pubspec.lock'], accepts: (path) => !/\/(?:\.pub-cache|pub-cache)\//.test(path) },
  maxBytes: maxTextBytes,
  extract: extractPubLock,
};
