import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractSbtLock } from './extract.ts';

/** Lock files of sbt-dependency-lock. */
export const sbtLock: FileExtractor = {
  name: 'sbt-lock',
  type: 'maven',
  evidence: 'locked',
  reads: ['build.sbt.lock'],
  wish: { names: ['build.sbt.lock'] },
  maxBytes: maxTextBytes,
  extract: extractSbtLock,
};
