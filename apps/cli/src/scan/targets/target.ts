import type { Sbom } from '@parapet/contract';

/** A kind of thing that can be scanned. */
export type ScanTarget = {
  /** The folder's name, and what stands before the colon on a command line. */
  readonly name: string;
  /** What comes after the colon, for people. */
  readonly help: string;
  /** Makes its SBOM. Throws AppError with a sentence that says what to do; rejects when the signal aborts. */
  readonly makeSbom: (reference: string, context: TargetContext) => Promise<Sbom>;
};

export type TargetContext = {
  readonly signal: AbortSignal;
  /** Tells a step that takes a while. */
  readonly say: (text: string) => void;
  /** Nothing may be asked of the network. */
  readonly offline: boolean;
  /** Of an image for several, e.g. `linux/arm64`. */
  readonly platform: string | undefined;
};
