import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractGradleLock } from './extract.ts';
import { isGradleLock } from './format.ts';

/** Lock files of Gradle. */
export const gradleLock: FileExtractor = {
  name: 'gradle-lock',
  type: 'maven',
  evidence: 'locked',
  reads: ['gradle.lockfile', 'buildscript-gradle.lockfile', 'gradle/dependency-locks/*.lockfile'],
  wish: { extensions: ['lockfile'], accepts: isGradleLock },
  maxBytes: maxTextBytes,
  extract: extractGradleLock,
};
