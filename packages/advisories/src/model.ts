import type { Distribution, Package } from '@parapet/contract';

/** A CVSS vector with the base score that its own specification computes. */
export type CvssScore = { readonly version: string; readonly vector: string; readonly score: number };

export type EpssScore = {
  /** Probability of exploitation in the next 30 days, 0 to 1. */
  readonly score: number;
  /** Share of all vulnerabilities with a score as low or lower, 0 to 1. */
  readonly percentile: number;
};

/** An entry of CISA's catalogue of known exploited vulnerabilities. */
export type KnownExploited = {
  readonly vulnerability: string;
  readonly name: string;
  /** ISO date. */
  readonly dateAdded: string;
  /** Known use in ransomware campaigns. */
  readonly ransomware: boolean;
  readonly requiredAction?: string;
};

export type Reference = { readonly type: string; readonly url: string };

/** One vulnerability of one installed package. A package has at most one match for each vulnerability. */
export type Match = {
  readonly purl: string;
  readonly packageName: string;
  readonly installedVersion: string;
  /** The OSV ecosystem whose advisories spoke, e.g. `Debian:12`, `npm`. */
  readonly ecosystem: string;
  /** The publisher's record that decided, e.g. `DSA-5417-1`. */
  readonly advisoryId: string;
  /** The CVE where there is one, otherwise the advisory's own id. */
  readonly vulnerability: string;
  /** Every other name, the other advisories that say the same included. */
  readonly aliases: readonly string[];
  /** The lowest version that has the fix; absent while there is none. */
  readonly fixedVersion?: string;
  /** For people, e.g. `< 3.0.11-1~deb12u3`. */
  readonly affectedRanges: readonly string[];
  /** The publisher's own first. */
  readonly cvss: readonly CvssScore[];
  /** What the publisher calls it, e.g. `Important`; in its words. */
  readonly publishedSeverity?: string;
  readonly epss?: EpssScore;
  readonly kev?: { readonly dateAdded: string; readonly ransomware?: boolean };
  /** Links to exploits or proofs of concept that the advisory names. */
  readonly exploits: readonly string[];
  /** What narrows it, for people: the functions that are affected, the platforms it is limited to. */
  readonly notes: readonly string[];
  /** ISO 8601. */
  readonly published?: string;
  readonly summary: string;
};

/** A whole advisory, for a page about it. */
export type Advisory = {
  readonly id: string;
  readonly vulnerabilities: readonly string[];
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly details: string;
  readonly references: readonly Reference[];
  readonly cvss: readonly CvssScore[];
  readonly publishedSeverity?: string;
  readonly published?: string;
  readonly modified?: string;
  readonly affected: readonly {
    readonly ecosystem: string;
    readonly package: string;
    readonly ranges: readonly string[];
  }[];
};

export type AdvisorySummary = Pick<Advisory, 'id' | 'vulnerabilities' | 'summary' | 'published'>;

/** The state of one publisher's data inside a database. */
export type FeedSourceState = {
  /** E.g. `osv/Debian`, `kev`, `epss`. */
  readonly id: string;
  /** For people, e.g. `OSV Debian`. */
  readonly name: string;
  readonly records: number;
  /** Records left out: withdrawn, broken, or without a vulnerability. */
  readonly skipped: { readonly withdrawn: number; readonly broken: number; readonly noVulnerability: number };
  readonly sha256: string;
  /** The publisher's own date of the data, ISO 8601. */
  readonly dataAt?: string;
  readonly fetchedAt?: string;
  readonly licence?: string;
};

export type DatabaseCounts = {
  readonly advisories: number;
  readonly affected: number;
  readonly knownExploited: number;
  readonly epssScores: number;
};

/** A database that was built (or was there already, for the same data). */
export type ImportedFeed = {
  /** `advisories-<hash16>`: equal data, equal version. */
  readonly version: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly origin: 'bundle' | 'publishers';
  readonly counts: DatabaseCounts;
  readonly sources: readonly FeedSourceState[];
};

export type FeedProgress = {
  /** For people, e.g. `Importing OSV Debian`. */
  readonly step: string;
  /** 0 to 1. */
  readonly progress: number;
};

/** What the database knows of a distribution. Without advisories, no match says nothing. */
export type Coverage = {
  /** OSV ecosystems that are looked into, e.g. `Debian:12`. */
  readonly ecosystems: readonly string[];
  /** Affected-package entries in them. */
  readonly entries: number;
};

/** One feed version, read-only. Its file never changes; a newer feed is another file. */
export type AdvisoryDatabase = Disposable & {
  readonly version: string;
  readonly path: string;
  /** ISO 8601, when it was built. */
  readonly builtAt: string;
  readonly counts: DatabaseCounts;
  readonly sources: readonly FeedSourceState[];
  /** The vulnerabilities of packages, the packages in their order. A package of an ecosystem without data gives none; see `coverageOf`. */
  readonly match: (packages: readonly Package[], distribution: Distribution | undefined) => Match[];
  readonly coverageOf: (distribution: Distribution | undefined) => Coverage;
  /** The same for the packages of a language, by the type of their package URLs (`npm`, `pypi`). */
  readonly coverageOfType: (packageType: string) => Coverage;
  /** The ids of all advisories that say this version is affected, by OSV ecosystem and name; nothing is merged or decided. */
  readonly affecting: (ecosystem: string, name: string, version: string) => readonly string[];
  /** By the publisher's id. */
  readonly advisory: (id: string) => Advisory | undefined;
  /** Every advisory that speaks of a vulnerability, by its CVE or any alias; at most 100. */
  readonly advisoriesOf: (vulnerability: string) => readonly Advisory[];
  readonly kev: (cve: string) => KnownExploited | undefined;
  readonly epss: (cve: string) => EpssScore | undefined;
  /** Advisories whose id, alias or affected package begins with `query`; at most `limit` (50, never over 500). */
  readonly search: (query: string, limit?: number) => readonly AdvisorySummary[];
  readonly close: () => void;
};
