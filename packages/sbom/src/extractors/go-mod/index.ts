import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractGoMod } from './extract.ts';
import { isOfProject } from './format.ts';

/** Modules that a project of Go requires. Since 1.17 the file names all of them; before, the checksums beside it do. */
export const goMod: FileExtractor = {
  name: 'go-mod',
  type: 'golang',
  evidence: 'locked',
  reads: ['go.mod'],
  wish: { names: ['go.mod', 'go.sum'], accepts: isOfProject },
  maxBytes: maxTextBytes,
  needsNeighbours: true,
  extract: extractGoMod,
};
