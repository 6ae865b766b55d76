import type { VersionScheme } from '../../scheme.ts';
import { compareSemverVersions, isSemverVersion } from './compare.ts';

/** Semantic versions, by semver.org 2.0.0, for ecosystems that add nothing of their own. */
export const semverScheme: VersionScheme = {
  name: 'semver',
  ecosystems: ['SwiftURL', 'GitHub Actions', 'Kubernetes', 'Julia', 'VSCode', 'Linux', 'CocoaPods'],
  isValid: isSemverVersion,
  compare: compareSemverVersions,
};
