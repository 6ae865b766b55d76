import type { Sbom } from '@parapet/contract';

/** Writes an SBOM in a published format. */
export type SbomWriter = {
  /** The folder's name, and the format's name on a command line. */
  readonly name: string;
  readonly mediaType: string;
  readonly write: (sbom: Sbom, options: WriterOptions) => string;
};

export type WriterOptions = {
  /** A UUID for this document; SBOMs of the same target at other times have others. */
  readonly documentId: string;
  /** Of Parapet. */
  readonly toolVersion: string;
};
