import type { DatabaseExtractor } from '../extractor.ts';
import { extractAlpm } from './extract.ts';
import { databaseFolder, isAlpmFile } from './format.ts';

/** Packages of Arch Linux and its kin, as pacman keeps them. */
export const alpm: DatabaseExtractor = {
  name: 'alpm',
  reads: [`${databaseFolder}/*/desc`, `${databaseFolder}/*/files`],
  wanted: isAlpmFile,
  extract: extractAlpm,
};
