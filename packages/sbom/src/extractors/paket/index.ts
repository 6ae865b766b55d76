import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractPaket } from './extract.ts';

/** Lock files and declarations of Paket. */
export const paket: FileExtractor = {
  name: 'paket',
  type: 'nuget',
  evidence: 'locked',
  reads: ['paket.lock', 'paket.dependencies'],
  wish: { names: ['paket.lock', 'paket.dependencies'] },
  maxBytes: maxTextBytes,
  extract: extractPaket,
};
