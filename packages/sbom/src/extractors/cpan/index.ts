import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractCpan } from './extract.ts';
import { isOfCpan } from './format.ts';

/** Distributions of Perl: what Carton has locked, and what cpanm has installed. */
export const cpan: FileExtractor = {
  name: 'cpan',
  type: 'cpan',
  evidence: 'locked',
  reads: ['cpanfile.snapshot', '.meta/*/MYMETA.json', 'META.json', 'META.yml'],
  wish: { names: ['cpanfile.snapshot', 'MYMETA.json', 'META.json', 'META.yml'], accepts: isOfCpan },
  maxBytes: maxTextBytes,
  extract: extractCpan,
};
