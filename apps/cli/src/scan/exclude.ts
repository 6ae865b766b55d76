import { matchesGlob } from 'node:path';
import type { Sbom } from '@parapet/contract';

/** Leaves out packages that were found at, or below, a path that one of the patterns names; they begin at the target's root. */
export const excludePackages = (sbom: Sbom, patterns: readonly string[]): Sbom => {
  if (patterns.length === 0) return sbom;
  const absolute = patterns.map((pattern) => `/${pattern.replace(/^\/+|\/+$/g, '')}`);
  const isExcluded = (path: string): boolean =>
    absolute.some((pattern) => matchesGlob(path, pattern) || matchesGlob(path, `${pattern}/**`));
  const packages = sbom.packages.filter(({ location }) => !isExcluded(location));
  const problems = sbom.problems.filter(({ at }) => at === undefined || !isExcluded(at));
  return { ...sbom, status: problems.length === 0 ? 'succeeded' : sbom.status, packages, problems };
};
