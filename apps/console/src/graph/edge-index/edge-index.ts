import type { Clock } from '@parapet/core';
import type { Database } from '../../database/database.ts';
import type { Log } from '../../logging/log.ts';
import { type CopyOf, followTable, type TableCopy } from '../follow/follow-table.ts';
import { createEdgeTable, type EdgeTable, keptBytes } from './edge-columns.ts';
import { countLive, dropVanished, takeUpChanges } from './read-changes.ts';

/**
 * The live edges in memory: the map of a fleet looks at all of them, and joining and grouping them takes the database longer
 * than a page may.
 */
export type EdgeIndex = TableCopy<EdgeTable>;

/** So many containers, peers and programs may be remembered that have no edge any more. */
const namesKept = 50_000;

const edges: CopyOf<EdgeTable> = {
  what: 'live connections',
  limit: 500_000,
  bytesPerRow: keptBytes,
  make: createEdgeTable,
  takeUp: takeUpChanges,
  countLive,
  dropVanished,
  isWorn: (table, live) => Math.max(table.ends(), table.programs()) > Math.max(namesKept, 3 * live),
};

export const createEdgeIndex = (deps: {
  readonly db: Database;
  readonly log: Log;
  readonly clock?: Clock;
  readonly limit?: number;
}): EdgeIndex => followTable(deps, { ...edges, limit: deps.limit ?? edges.limit });
