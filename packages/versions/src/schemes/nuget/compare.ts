import { maxVersionLength } from '../../scheme.ts';
import { compareSemver } from '../../semver-order.ts';

/** Whether NuGet takes it: one to four numbers, a pre-release, metadata. */
export const isNuGetVersion = (version: string): boolean =>
  version.length <= maxVersionLength &&
  /^\d+(?:\.\d+){0,3}(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$/.test(version);

/** Semantic versions without regard to case. See {@link VersionScheme.compare}. */
export const compareNuGetVersions = (a: string, b: string): number =>
  compareSemver(a.slice(0, maxVersionLength).toLowerCase(), b.slice(0, maxVersionLength).toLowerCase());
