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

/** What all sources together say of a vulnerability; the title is that of any record about just this one. */
export type AboutVulnerability = {
  readonly title?: string;
  readonly cvss: readonly CvssScore[];
  readonly epss?: EpssScore;
};

/**
 * What matching reads. Each question is about many things at once, which costs less than half of asking one by one; answers may
 * hold more than was asked for, and lack what is not known.
 */
export type MatchSource = {
  readonly ecosystems: readonly string[];
  /** By package name, in the spelling of `normaliseName`. */
  readonly entries: (ecosystem: string, names: Iterable<string>) => ReadonlyMap<string, readonly StoredEntry[]>;
  readonly advisories: (numbers: Iterable<number>) => ReadonlyMap<number, StoredAdvisory>;
  readonly about: (vulnerabilities: Iterable<string>) => ReadonlyMap<string, AboutVulnerability>;
  readonly kev: (vulnerability: string) => KnownExploited | undefined;
};
