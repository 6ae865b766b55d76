import type { VersionScheme } from '../../scheme.ts';
import { compareBitnamiVersions, isBitnamiVersion } from './compare.ts';

/** Bitnami's order: an upstream version and, after a hyphen, the revision of Bitnami's own build. */
export const bitnamiScheme: VersionScheme = {
  name: 'bitnami',
  ecosystems: ['Bitnami'],
  isValid: isBitnamiVersion,
  compare: compareBitnamiVersions,
};
