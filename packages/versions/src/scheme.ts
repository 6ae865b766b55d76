/**
 * How one family of package managers orders versions.
 *
 * `compare` is total: it never throws, whatever a workload wrote into its package database, and it is transitive, so that
 * lists sort and ranges hold. Only the first {@link maxVersionLength} characters are looked at.
 */
export type VersionScheme = {
  /** The folder's name: `deb`, `rpm`, `apk`. */
  readonly name: string;
  /** OSV ecosystem names that it serves, without their release suffix. */
  readonly ecosystems: readonly string[];
  /** Whether the family's own tools would accept this as a version. An invalid one can still be compared. */
  readonly isValid: (version: string) => boolean;
  /** Negative when `a` is older than `b`, positive when newer, 0 when the family treats them as the same. */
  readonly compare: (a: string, b: string) => number;
};

/** Longer than any real version (Debian's longest are under 100), short enough that comparing costs nothing. */
export const maxVersionLength = 1024;
