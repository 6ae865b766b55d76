import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractVcpkg } from './extract.ts';
import { isOfVcpkg } from './format.ts';

/** Libraries of C and C++ that vcpkg has built, and those that a manifest asks for. */
export const vcpkg: FileExtractor = {
  name: 'vcpkg',
  type: 'vcpkg',
  evidence: 'installed',
  reads: ['vcpkg/status', 'vcpkg.json'],
  wish: { names: ['status', 'vcpkg.json'], accepts: isOfVcpkg },
  maxBytes: maxTextBytes,
  extract: extractVcpkg,
};
