/** Exit codes of the command line; documented in `parapet help` and docs/scanning.md. */
export const exitCodes = {
  ok: 0,
  /** It was tried and failed; of `scan` and `diff`: what `--fail-on` names was found. */
  failed: 1,
  found: 1,
  /** The arguments do not fit. */
  usage: 2,
  /** No console runs on this data folder. */
  notRunning: 3,
  /** `scan`, `sbom` and `diff` have no answer: a pipeline must tell that from one that displeases. */
  noAnswer: 3,
  /** Stopped by Ctrl-C, as shells have it. */
  interrupted: 130,
} as const;
