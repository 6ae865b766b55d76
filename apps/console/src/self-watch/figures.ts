import type { SystemStatus, TrustSigns } from '@parapet/contract/api';

/** What the gateway and ingest tell of themselves; figures per second are over the last minute. */
export type IngestFigures = SystemStatus['ingest'] & {
  /** Frames and records since the start. */
  readonly framesTotal: number;
  readonly recordsTotal: number;
};

export type IngestWatch = { readonly figures: () => IngestFigures };

/** How old the advisory data is. */
export type FeedAge = { readonly age: () => Promise<TrustSigns['feeds']> };
