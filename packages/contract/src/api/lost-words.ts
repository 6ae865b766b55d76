import type { LossKind } from './sensors.ts';

/** Counts of what was lost, e.g. `312 events and 1 record of the inventory`; empty when nothing was. */
export const lostWords = ({ lostEvents, lostRecords }: Lost): string =>
  [
    ...(lostEvents > 0 ? [lostCount('events', lostEvents)] : []),
    ...(lostRecords > 0 ? [lostCount('records', lostRecords)] : []),
  ].join(' and ');

/** One count of losses with what it counts, e.g. `1 record of the inventory`. */
export const lostCount = (kind: LossKind, count: number): string => {
  const [one, many] = nouns[kind];
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`;
};

export type Lost = { readonly lostEvents: number; readonly lostRecords: number };

const nouns: Readonly<Record<LossKind, readonly [one: string, many: string]>> = {
  events: ['event', 'events'],
  records: ['record of the inventory', 'records of the inventory'],
  arguments: ['start without its arguments', 'starts without their arguments'],
};
