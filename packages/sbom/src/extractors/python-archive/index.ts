import type { FileExtractor } from '../extractor.ts';
import { extractPythonArchive } from './extract.ts';

/** Wheels and eggs: packages of Python as one archive. */
export const pythonArchive: FileExtractor = {
  name: 'python-archive',
  type: 'pypi',
  evidence: 'installed',
  reads: ['*.whl', '*.egg'],
  wish: { extensions: ['whl', 'egg'] },
  maxBytes: 1024 * 1024 * 1024,
  extract: extractPythonArchive,
};
