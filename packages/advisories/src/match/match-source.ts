import type { StoredHead } from '../database/stored.ts';
import type { CvssScore, EpssScore, KnownExploited } from '../model.ts';
import type { VersionRange } from '../sources/source.ts';

export type StoredAdvisory = StoredHead & { readonly id: string };

/** An advisory's say on one package name. */
export type StoredEntry = {
  readonly advisory: number;
  /** The one vulnerability that this record is about and decides; errata decide none. */
  readonly decides: string | undefined;
  /** The same object in all entries of one answer that say the same. */
  readonly said: SaidOfVersions;
};

/** Which versions are affected. */
export type SaidOfVersions = {
  readonly ranges: readonly VersionRange[];
  readonly versions: readonly string[];
  /** What else the publisher says of this package, for people: affected functions, platforms. */
  readonly notes: readonly string[];
};

/** What matching reads. */
export type MatchSource = {
  readonly ecosystems: readonly string[];
  /** `packageName` in the spelling of `normaliseName`. */
  readonly entries: (ecosystem: string, packageName: string) => readonly StoredEntry[];
  readonly advisory: (number: number) => StoredAdvisory | undefined;
  /** What all sources together say of a vulnerability; the title is that of any record about just this one. */
  readonly about: (vulnerability: string) => {
    readonly title?: string;
    readonly cvss: readonly CvssScore[];
    readonly epss?: EpssScore;
  };
  readonly kev: (vulnerability: string) => KnownExploited | undefined;
};
