import type { VersionScheme } from '@parapet/versions';
import type { StoredAdvisory, StoredEntry } from './match-source.ts';

export type Ecosystem = { readonly name: string; readonly scheme: VersionScheme };

/** One advisory's verdict that one vulnerability concerns the package. */
export type Verdict = {
  readonly vulnerability: string;
  readonly advisory: StoredAdvisory;
  readonly entry: StoredEntry;
  readonly fixedVersion: string | undefined;
  readonly ecosystem: Ecosystem;
};

/** Verdicts on one vulnerability, what speaks most directly first. */
export type Group = {
  readonly vulnerability: string;
  readonly verdicts: readonly [Verdict, ...Verdict[]];
};
