/** Exit codes of the command line; documented in `parapet help`. */
export const exitCodes = {
  ok: 0,
  /** It was tried and failed. */
  failed: 1,
  /** The arguments do not fit. */
  usage: 2,
  /** No console runs on this data folder. */
  notRunning: 3,
  /** The scan found something at or above `--fail-on`. */
  found: 4,
} as const;
