import type { VersionScheme } from '../../scheme.ts';
import { compareConanVersions, isConanVersion } from './compare.ts';

/** Conan's order, by the documentation of its version ranges. */
export const conanScheme: VersionScheme = {
  name: 'conan',
  ecosystems: ['ConanCenter'],
  isValid: isConanVersion,
  compare: compareConanVersions,
};
