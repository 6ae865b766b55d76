import type { Sbom } from '@parapet/contract/sbom';

/** A list of packages that came in, of whom and from whom. */
export type NewSbom = {
  readonly assetId: string;
  /** Null for one that was uploaded, by `reporterName`. */
  readonly reporterHostId: string | null;
  readonly reporterName?: string | undefined;
  readonly sbom: Sbom;
  /** The same, compressed. */
  readonly document: Buffer;
  readonly at: Date;
};
