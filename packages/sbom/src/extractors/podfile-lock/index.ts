import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractPodfileLock } from './extract.ts';

/** Lock files of CocoaPods. */
export const podfileLock: FileExtractor = {
  name: 'podfile-lock',
  type: 'cocoapods',
  evidence: 'locked',
  reads: ['Podfile.lock'],
  wish: { names: ['Podfile.lock'] },
  maxBytes: maxTextBytes,
  extract: extractPodfileLock,
};
