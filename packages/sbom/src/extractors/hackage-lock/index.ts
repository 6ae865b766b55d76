import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractHackageLock } from './extract.ts';

/** Lock files of Stack and freeze files of Cabal (Haskell). */
export const hackageLock: FileExtractor = {
  name: 'hackage-lock',
  type: 'hackage',
  evidence: 'locked',
  reads: ['stack.yaml.lock', 'cabal.project.freeze'],
  wish: { names: ['stack.yaml.lock', 'cabal.project.freeze'] },
  maxBytes: maxTextBytes,
  extract: extractHackageLock,
};
