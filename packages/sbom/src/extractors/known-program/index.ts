import { isProgramHead } from '../../program/sections.ts';
import type { FileExtractor } from '../extractor.ts';
import { extractKnownProgram } from './extract.ts';
import { knownProgramsOf } from './format.ts';

/** Well-known programs and libraries that came without a package, by the version that they carry. */
export const knownProgram: FileExtractor = {
  name: 'known-program',
  type: 'generic',
  evidence: 'installed',
  reads: ['programs: node, python, nginx, redis-server, openssl, postgres, php, …'],
  wish: { program: (head, name) => isProgramHead(head) && knownProgramsOf(name).length > 0 },
  maxBytes: 2 * 1024 * 1024 * 1024,
  onlyUnowned: true,
  extract: extractKnownProgram,
};
