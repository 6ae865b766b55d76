import type { VersionScheme } from '../../scheme.ts';
import { comparePortageVersions, isPortageVersion } from './compare.ts';

/** Gentoo's order, by the Package Manager Specification, section 3.3. */
export const portageScheme: VersionScheme = {
  name: 'portage',
  ecosystems: ['Gentoo'],
  isValid: isPortageVersion,
  compare: comparePortageVersions,
};
