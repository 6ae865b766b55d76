import type { VersionScheme } from '../../scheme.ts';
import { comparePacmanVersions, isPacmanVersion } from './compare.ts';

/** pacman's order, by vercmp(8). */
export const pacmanScheme: VersionScheme = {
  name: 'pacman',
  ecosystems: ['Arch Linux'],
  isValid: isPacmanVersion,
  compare: comparePacmanVersions,
};
