import { fail, type Problem, problem, type Result } from '@parapet/core';

/** What tells of processes, best first; these are also values of `parapet.source`. */
export const eventSources = ['ebpf', 'tracepoints', 'audit', 'proc-connector'] as const;
export type EventSource = (typeof eventSources)[number];

/** Whether a chain of sources that begins with `first` has this one. */
export const isInChain = (first: EventSource, source: EventSource): boolean =>
  eventSources.indexOf(source) >= eventSources.indexOf(first);

/** What a source says that the setting leaves out. */
export const leftOut = (): Result<never, Problem> =>
  fail(problem('left-out', 'PARAPET_EVENT_SOURCE leaves out the programs of our own that read the kernel’s types.'));
