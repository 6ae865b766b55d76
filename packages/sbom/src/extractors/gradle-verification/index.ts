import { type FileExtractor, maxTextBytes } from '../extractor.ts';
import { extractGradleVerification } from './extract.ts';

/** The checksums of Gradle, which name every artifact that a build may use. */
export const gradleVerification: FileExtractor = {
  name: 'gradle-verification',
  type: 'maven',
  evidence: 'locked',
  reads: ['gradle/verification-metadata.xml'],
  wish: { names: ['verification-metadata.xml'] },
  maxBytes: maxTextBytes,
  extract: extractGradleVerification,
};
