import type { VersionScheme } from '../../scheme.ts';
import { compareGemVersions, isGemVersion } from './compare.ts';

/** RubyGems' order, by the documentation of Gem::Version. */
export const rubygemsScheme: VersionScheme = {
  name: 'rubygems',
  ecosystems: ['RubyGems'],
  isValid: isGemVersion,
  compare: compareGemVersions,
};
