import type { PackageVersion } from '@parapet/contract/api';
import { stringifySearch } from '../../lib/search-params.ts';

/** What the page keeps in its URL. */
export type PackagesSearch = {
  readonly q?: string;
  readonly match?: 'exact' | 'prefix' | 'contains';
  readonly type?: string[];
  readonly version?: string;
};

/** The address that shows just one version. */
export const addressOf = ({ type, name, version }: PackageVersion): string =>
  `/packages${stringifySearch({ q: name, match: 'exact', type: [type], version })}`;
