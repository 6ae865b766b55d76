import type { VersionScheme } from '../../scheme.ts';
import { comparePackagistVersions, isPackagistVersion } from './compare.ts';

/** Packagist's order as OSV applies it: that of PHP's version_compare. */
export const packagistScheme: VersionScheme = {
  name: 'packagist',
  ecosystems: ['Packagist'],
  isValid: isPackagistVersion,
  compare: comparePackagistVersions,
};
