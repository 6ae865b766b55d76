import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractCargoLock } from './extract.ts';
import { isOfProject } from './format.ts';

/** Lock files of Cargo. */
export const cargoLock: FileExtractor = {
  name: 'cargo-lock',
  type: 'cargo',
  evidence: 'locked',
  reads: ['Cargo.lock'],
  wish: { names: ['Cargo.lock'], accepts: isOfProject },
  maxBytes: maxTextBytes,
  extract: extractCargoLock,
};
