import type { Problem, Result } from '@parapet/core';
import type { CvssScore, FeedSourceState, KnownExploited, Reference } from '../model.ts';

/** A range as OSV says it: its events in the publisher's order. */
export type VersionRange = {
  readonly events: readonly {
    readonly kind: 'introduced' | 'fixed' | 'last_affected' | 'limit';
    readonly version: string;
  }[];
};

export type AffectedPackage = {
  /** With its release suffix: `Debian:12`. */
  readonly ecosystem: string;
  /** In the spelling of `normaliseName`. */
  readonly name: string;
  readonly ranges: readonly VersionRange[];
  /** Versions that are affected by name and lie in none of the ranges. */
  readonly versions: readonly string[];
  /** What narrows it, for people; see `Match.notes`. */
  readonly notes: readonly string[];
};

/** An advisory on its way into the database. */
export type AdvisoryRecord = {
  readonly id: string;
  readonly vulnerabilities: readonly string[];
  readonly aliases: readonly string[];
  readonly summary: string;
  readonly details: string;
  readonly references: readonly Reference[];
  readonly cvss: readonly CvssScore[];
  readonly publishedSeverity: string | undefined;
  readonly published: string | undefined;
  readonly modified: string | undefined;
  readonly affected: readonly AffectedPackage[];
};

/** Where sources put what they read. */
export type FeedSink = {
  readonly advisory: (record: AdvisoryRecord) => void;
  readonly knownExploited: (entry: KnownExploited) => void;
  readonly epss: (cve: string, score: number, percentile: number) => void;
};

export type SourceReading = Pick<FeedSourceState, 'records' | 'skipped'> & {
  /** The publisher's date where the data itself carries one. */
  readonly dataAt?: string;
};

export type ReadOptions = {
  readonly signal: AbortSignal;
  /** 0 to 1, at most some times a second. */
  readonly onProgress: (progress: number) => void;
};

/**
 * A publisher of advisories or scores, in its own format. `read` fails as a whole when the file is broken; single broken
 * records are counted, up to a share that means the file is not what it says.
 */
export type FeedSource = {
  /** The folder's name: `osv`, `kev`, `epss`. */
  readonly name: string;
  /** The id of the data in a file of a bundle or of the publisher, e.g. `osv/Debian`; `undefined` when it is not this source's. */
  readonly identify: (memberPath: string) => string | undefined;
  /** For people. */
  readonly titleOf: (id: string) => string;
  /** The largest file taken, packed. */
  readonly maxBytes: number;
  /** Where the publisher has it below its base URL. */
  readonly urlOf: (id: string, baseUrl: string) => string;
  readonly read: (path: string, sink: FeedSink, options: ReadOptions) => Promise<Result<SourceReading, Problem>>;
};

export const nothingSkipped: FeedSourceState['skipped'] = { withdrawn: 0, broken: 0, noVulnerability: 0 };
