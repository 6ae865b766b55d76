import type { VersionScheme } from '../../scheme.ts';
import { compareNpmVersions, isNpmVersion } from './compare.ts';

/** npm's order: semantic versions as node-semver reads them. */
export const npmScheme: VersionScheme = {
  name: 'npm',
  ecosystems: ['npm'],
  isValid: isNpmVersion,
  compare: compareNpmVersions,
};
