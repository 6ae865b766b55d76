import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractMixLock } from './extract.ts';
import { isOfProject } from './format.ts';

/** Lock files of Mix (Elixir) and of rebar3 (Erlang). */
export const mixLock: FileExtractor = {
  name: 'mix-lock',
  type: 'hex',
  evidence: 'locked',
  reads: ['mix.lock', 'rebar.lock'],
  wish: { names: ['mix.lock', 'rebar.lock'], accepts: isOfProject },
  maxBytes: maxTextBytes,
  extract: extractMixLock,
};
