import type { HuntEvent } from '@parapet/contract/api';
import type { EventCursor } from '@parapet/telemetry';

/** A file of events and when its last one was, in microseconds since the Unix epoch. */
export type DatedFile = { readonly path: string; readonly lastAt: number };

/** A page of events seldom reaches back further than what these hold, and a file costs a search 1 to 3 ms to open. */
const newestFiles = 8;

/**
 * A page of the newest events in some files, which are given by their last events, the newest first: the older files are read only
 * where the page may reach into them.
 */
export const findNewest = async (
  files: readonly DatedFile[],
  limit: number,
  find: (paths: readonly string[]) => Promise<readonly HuntEvent[]>,
): Promise<readonly HuntEvent[]> => {
  const [newest, older] = [files.slice(0, newestFiles), files.slice(newestFiles)];
  const found = await find(newest.map(({ path }) => path));
  const [latest] = older;
  const oldest = found.at(-1);
  const isWhole = found.length >= limit && oldest !== undefined;
  // An event of the same moment may come before by its host.
  if (latest === undefined || (isWhole && placeOf(oldest).at > latest.lastAt)) return found;
  const rest = await find(older.map(({ path }) => path));
  return [...found, ...rest].sort(newestFirst).slice(0, limit);
};

/** As the store orders them. */
const newestFirst = (one: HuntEvent, other: HuntEvent): number => {
  const [a, b] = [placeOf(one), placeOf(other)];
  if (a.host !== b.host && a.at === b.at) return a.host < b.host ? 1 : -1;
  return b.at - a.at || b.sequence - a.sequence;
};

/** Every stored event has these. */
const placeOf = (event: HuntEvent): EventCursor => ({
  at: Number(event['@timestamp']),
  host: String(event['host.id']),
  sequence: Number(event['event.sequence']),
});
