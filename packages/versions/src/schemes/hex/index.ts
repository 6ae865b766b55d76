import type { VersionScheme } from '../../scheme.ts';
import { compareHexVersions, isHexVersion } from './compare.ts';

/** Hex's order: semantic versions as Elixir's Version module has them. */
export const hexScheme: VersionScheme = {
  name: 'hex',
  ecosystems: ['Hex'],
  isValid: isHexVersion,
  compare: compareHexVersions,
};
