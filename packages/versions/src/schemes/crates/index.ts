import type { VersionScheme } from '../../scheme.ts';
import { compareCrateVersions, isCrateVersion } from './compare.ts';

/** Cargo's order: semantic versions; https://doc.rust-lang.org/cargo/reference/semver.html. */
export const cratesScheme: VersionScheme = {
  name: 'crates',
  ecosystems: ['crates.io'],
  isValid: isCrateVersion,
  compare: compareCrateVersions,
};
