/** Tables of SBOMs, findings, scans and feeds. */
export type FindingsTables = Record<never, never>;
