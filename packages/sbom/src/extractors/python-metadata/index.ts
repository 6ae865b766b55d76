import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractPythonMetadata } from './extract.ts';
import { isInstalledMetadata } from './format.ts';

/** Packages of Python as pip and setuptools install them. */
export const pythonMetadata: FileExtractor = {
  name: 'python-metadata',
  type: 'pypi',
  evidence: 'installed',
  reads: ['*.dist-info/METADATA', '*.egg-info/PKG-INFO', '*.egg-info', 'EGG-INFO/PKG-INFO'],
  wish: { names: ['METADATA', 'PKG-INFO'], extensions: ['egg-info'], accepts: isInstalledMetadata },
  maxBytes: maxTextBytes,
  extract: extractPythonMetadata,
};
