import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractSetupPy } from './extract.ts';

/** What a package built by setuptools requires, as far as it is written down in plain text. */
export const setupPy: FileExtractor = {
  name: 'setup-py',
  type: 'pypi',
  evidence: 'declared',
  reads: ['setup.py'],
  wish: { names: ['setup.py'] },
  maxBytes: maxTextBytes,
  extract: extractSetupPy,
};
