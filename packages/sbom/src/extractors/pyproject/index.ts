import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractPyproject } from './extract.ts';

/** What a project of Python declares: by PEP 621, by dependency groups, and for Poetry. */
export const pyproject: FileExtractor = {
  name: 'pyproject',
  type: 'pypi',
  evidence: 'declared',
  reads: ['pyproject.toml'],
  wish: { names: ['pyproject.toml'] },
  maxBytes: maxTextBytes,
  extract: extractPyproject,
};
