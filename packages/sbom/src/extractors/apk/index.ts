import type { DatabaseExtractor } from '../extractor.ts';
import { extractApk } from './extract.ts';
import { databaseFiles } from './format.ts';

/** Packages of Alpine, Wolfi and Chainguard. */
export const apk: DatabaseExtractor = {
  name: 'apk',
  reads: databaseFiles,
  wanted: (path) => databaseFiles.includes(path),
  extract: extractApk,
};
