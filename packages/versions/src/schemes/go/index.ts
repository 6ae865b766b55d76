import type { VersionScheme } from '../../scheme.ts';
import { compareGoVersions, isGoVersion } from './compare.ts';

/** Go's order of modules and of its own releases; https://go.dev/ref/mod#versions. */
export const goScheme: VersionScheme = {
  name: 'go',
  ecosystems: ['Go'],
  isValid: isGoVersion,
  compare: compareGoVersions,
};
