import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractJulia } from './extract.ts';
import { isOfJulia } from './format.ts';

/** Manifests (locks) and projects of Julia. */
export const julia: FileExtractor = {
  name: 'julia',
  type: 'julia',
  evidence: 'locked',
  reads: ['Manifest.toml', 'Manifest-v*.toml', 'Project.toml'],
  wish: { extensions: ['toml'], accepts: isOfJulia },
  maxBytes: maxTextBytes,
  extract: extractJulia,
};
