/** How a run of a sensor ended, as the next one tells it. */
export type PreviousRun = {
  readonly runId: string;
  readonly end: 'clean' | 'unclean';
  readonly lastAliveAt: Date;
  readonly cause: string | undefined;
  readonly detail: string | undefined;
};

/** Ends that nobody asked for begin with one of these; counted on the page of a sensor. */
export const unexpectedEnds = {
  killed: 'The sensor was killed or crashed.',
  crash: 'The sensor crashed',
  'memory-limit': 'The sensor reached its limit of memory and was started anew',
  'host-memory': 'The sensor was killed while the kernel ended processes for want of memory.',
} as const;

/** The sentence for it. A cause that only a newer sensor knows leaves what is known. */
export const runEndCause = (previous: PreviousRun | undefined): string => {
  if (previous === undefined) return 'The sensor was started anew.';
  const { cause, detail } = previous;
  switch (cause) {
    case 'upgrade':
      return goodbyeCause('upgrade');
    case 'uninstall':
      return goodbyeCause('uninstall');
    case 'crash':
    case 'memory-limit':
      return detail === undefined ? `${unexpectedEnds[cause]}.` : `${unexpectedEnds[cause]}: ${detail}`;
    case 'host-memory':
      return unexpectedEnds[cause];
  }
  return previous.end === 'clean' ? goodbyeCause('stop') : unexpectedEnds.killed;
};

/** The sentence for a goodbye. */
export const goodbyeCause = (reason: string): string => goodbyes.get(reason) ?? 'The sensor was stopped.';

const goodbyes: ReadonlyMap<string, string> = new Map([
  ['stop', 'The sensor was stopped.'],
  ['upgrade', 'The sensor was stopped for an upgrade.'],
  ['uninstall', 'The sensor was uninstalled.'],
]);
