import type { VersionScheme } from '../../scheme.ts';
import { comparePubVersions, isPubVersion } from './compare.ts';

/** Dart's order: semantic versions whose build identifiers count as well; https://dart.dev/tools/pub/versioning. */
export const pubScheme: VersionScheme = {
  name: 'pub',
  ecosystems: ['Pub'],
  isValid: isPubVersion,
  compare: comparePubVersions,
};
