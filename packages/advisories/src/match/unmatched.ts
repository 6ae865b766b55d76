import type { Distribution } from '@parapet/contract/sbom';
import type { AdvisoryDatabase } from '../model.ts';

/** Types of packages that a distribution makes and advises about; all others are matched by their language or tool. */
export const distributionTypes: ReadonlySet<string> = new Set(['dpkg', 'apk', 'rpm', 'alpm', 'opkg', 'portage']);

/** Whether packages of a type cannot be matched, because there is no advisory about their kind: having no findings says nothing then. */
export const isUnmatched = (
  database: Pick<AdvisoryDatabase, 'coverageOf' | 'coverageOfType'>,
  type: string,
  distribution: Distribution | undefined,
): boolean => {
  const coverage = distributionTypes.has(type) ? database.coverageOf(distribution) : database.coverageOfType(type);
  return coverage.entries === 0;
};
