import type { VersionScheme } from '../../scheme.ts';
import { compareCranVersions, isCranVersion } from './compare.ts';

/** R's order, by the documentation of package_version. */
export const cranScheme: VersionScheme = {
  name: 'cran',
  ecosystems: ['CRAN', 'Bioconductor'],
  isValid: isCranVersion,
  compare: compareCranVersions,
};
