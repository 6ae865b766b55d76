import type { Sbom } from '@parapet/contract';
import type { Problem, Result } from '@parapet/core';

/** Reads an SBOM that somebody else made, in a published format. */
export type SbomReader = {
  /** The folder's name. */
  readonly name: string;
  /** Whether a parsed JSON document is in this format, in whatever version. */
  readonly recognises: (json: object) => boolean;
  /** Fails when the document is not what it says; a part that is broken is a problem in the SBOM. */
  readonly read: (json: object, options: ReaderOptions) => Result<Sbom, Problem>;
};

export type ReaderOptions = {
  /** For people, where the document does not name its target: its file. */
  readonly name: string;
  /** ISO 8601, where the document has no time. */
  readonly at: string;
};
