import type { VersionScheme } from '../../scheme.ts';
import { compareMavenVersions, isMavenVersion } from './compare.ts';

/** Maven's order, by the version order specification of the POM reference. */
export const mavenScheme: VersionScheme = {
  name: 'maven',
  ecosystems: ['Maven'],
  isValid: isMavenVersion,
  compare: compareMavenVersions,
};
