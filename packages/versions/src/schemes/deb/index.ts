import type { VersionScheme } from '../../scheme.ts';
import { compareDebVersions, isDebVersion } from './compare.ts';

/** Debian's order, by deb-version(7). */
export const debScheme: VersionScheme = {
  name: 'deb',
  ecosystems: ['Debian', 'Ubuntu', 'Echo', 'opam'],
  isValid: isDebVersion,
  compare: compareDebVersions,
};
