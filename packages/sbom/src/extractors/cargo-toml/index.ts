import { isOfProject } from '../cargo-lock/format.ts';
import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractCargoToml } from './extract.ts';

/** What a package of Cargo declares, and the package itself. */
export const cargoToml: FileExtractor = {
  name: 'cargo-toml',
  type: 'cargo',
  evidence: 'declared',
  reads: ['Cargo.toml'],
  wish: { names: ['Cargo.toml'], accepts: isOfProject },
  maxBytes: maxTextBytes,
  extract: extractCargoToml,
};
