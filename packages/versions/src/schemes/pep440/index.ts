import type { VersionScheme } from '../../scheme.ts';
import { comparePep440Versions, isPep440Version } from './compare.ts';

/** Python's order, by the version specifiers specification (PEP 440), with a place for versions from before it. */
export const pep440Scheme: VersionScheme = {
  name: 'pep440',
  ecosystems: ['PyPI'],
  isValid: isPep440Version,
  compare: comparePep440Versions,
};
