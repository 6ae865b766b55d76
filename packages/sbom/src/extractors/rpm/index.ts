import type { DatabaseExtractor } from '../extractor.ts';
import { databaseFiles, extractRpm, isRpmFile } from './extract.ts';

/** Packages of Red Hat's kin, SUSE, Amazon, Photon and others, from all three of rpm's database formats. */
export const rpm: DatabaseExtractor = {
  name: 'rpm',
  reads: databaseFiles,
  wanted: isRpmFile,
  extract: extractRpm,
};
