import type { FileExtractor } from '../extractor.ts';
import { extractSbomDocument } from './extract.ts';
import { isSbomDocument } from './format.ts';

/** What a bill of materials inside an image says is there. `foundBy` is the mark that nobody but its author saw it. */
export const sbomDocument: FileExtractor = {
  name: 'sbom-document',
  type: 'generic',
  evidence: 'declared',
  reads: ['*.cdx.json', '*.spdx.json', 'bom.json', 'sbom.json', '/opt/bitnami/*/.spdx-*.spdx'],
  wish: { extensions: ['json', 'spdx'], accepts: isSbomDocument },
  // Ten times the largest that builders of images put in.
  maxBytes: 32 * 1024 * 1024,
  onlyInImages: true,
  extract: extractSbomDocument,
};
