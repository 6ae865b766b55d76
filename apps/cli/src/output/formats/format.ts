import type { ScanReport } from '@parapet/contract';

/** Writes a scan in a published form, or for people. */
export type ScanFormat = {
  /** The folder's name, and the format's name on a command line. */
  readonly name: string;
  /** Whether it says what was found to be vulnerable; without advisories such a document would say that nothing is. */
  readonly tellsFindings: boolean;
  /** The whole document, with a line end. */
  readonly write: (report: ScanReport, options: FormatOptions) => string;
};

export type FormatOptions = {
  /** A UUID for this document. */
  readonly documentId: string;
  /** Of Parapet. */
  readonly toolVersion: string;
  /** Rows of the table. */
  readonly shownAtMost: number;
};
