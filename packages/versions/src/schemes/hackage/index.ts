import type { VersionScheme } from '../../scheme.ts';
import { compareHackageVersions, isHackageVersion } from './compare.ts';

/** Haskell's order, by the package versioning policy: lists of numbers. */
export const hackageScheme: VersionScheme = {
  name: 'hackage',
  ecosystems: ['Hackage', 'GHC'],
  isValid: isHackageVersion,
  compare: compareHackageVersions,
};
