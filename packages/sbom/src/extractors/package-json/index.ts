import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractPackageJson } from './extract.ts';
import { isPackageManifest } from './format.ts';

/** Packages of JavaScript that lie unpacked: in `node_modules`, of a distribution, or an application itself. */
export const packageJson: FileExtractor = {
  name: 'package-json',
  type: 'npm',
  evidence: 'installed',
  reads: ['package.json'],
  wish: { names: ['package.json'], accepts: isPackageManifest },
  maxBytes: maxTextBytes,
  extract: extractPackageJson,
};
