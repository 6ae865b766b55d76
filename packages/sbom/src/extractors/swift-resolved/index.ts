import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractSwiftResolved } from './extract.ts';

/** Lock files of the Swift Package Manager, in all three versions of the format. */
export const swiftResolved: FileExtractor = {
  name: 'swift-resolved',
  type: 'swift',
  evidence: 'locked',
  reads: ['Package.resolved'],
  wish: { names: ['Package.resolved', '.package.resolved'] },
  maxBytes: maxTextBytes,
  extract: extractSwiftResolved,
};
