import type { LiveEvent } from '@parapet/contract/api';

/** Publishes what changed to all connected browsers. Events carry ids, never content: what a caller may see is decided when it fetches. */
export type LiveFeed = {
  readonly publish: (event: LiveEvent) => void;
};
