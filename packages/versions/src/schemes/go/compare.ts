import { maxVersionLength } from '../../scheme.ts';
import { compareSemver, isStrictSemver } from '../../semver-order.ts';

/** Whether it is a module's version (`v1.2.3`, pseudo-versions, `+incompatible`) or a release of Go (`go1.21rc2`, `1.21`). */
export const isGoVersion = (version: string): boolean =>
  isStrictSemver(version) || (version.length <= maxVersionLength && release.test(version));

/** Semantic versions; releases of Go are read as such: `go1.21rc2` is 1.21.0-rc.2. See {@link VersionScheme.compare}. */
export const compareGoVersions = (a: string, b: string): number =>
  a === b ? 0 : compareSemver(asSemver(a), asSemver(b));

const release = /^(?:go)?(\d+(?:\.\d+){0,2})(?:(beta|rc)(\d+))?$/;

const asSemver = (version: string): string => {
  const found = release.exec(version.slice(0, maxVersionLength).trim());
  if (found === null) return version;
  return found[2] === undefined ? (found[1] ?? '') : `${found[1]}-${found[2]}.${found[3]}`;
};
