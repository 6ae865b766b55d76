import { messageOf } from '@parapet/core';
import type { Database } from '../../database/database.ts';
import type { Log } from '../../logging/log.ts';
import { createEdgeTable, type EdgeColumns, keptBytes } from './edge-columns.ts';
import { countLive, dropVanished, type ReadPosition, takeUpChanges } from './read-changes.ts';

/**
 * The live edges in memory: the map of a fleet looks at all of them, and joining and grouping them takes the database longer
 * than a page may. Each question first takes up what was committed since the last one.
 */
export type EdgeIndex = AsyncDisposable & {
  /** What is committed now; undefined when there are more edges than it may hold: ask the database then. */
  readonly current: () => Promise<EdgeColumns | undefined>;
  readonly figures: () => { readonly edges: number; readonly bytes: number; readonly state: 'ready' | 'too-many' };
  /** Reads all edges ahead of the first question. */
  readonly start: () => void;
};

/** More are left to the database, which answers slower: 50 MB. */
const edgeLimit = 500_000;
/** So many containers and peers may be remembered that have no edge any more. */
const endsKept = 50_000;

export const createEdgeIndex = (deps: {
  readonly db: Database;
  readonly log: Log;
  readonly limit?: number;
}): EdgeIndex => {
  const { db, log } = deps;
  const limit = deps.limit ?? edgeLimit;
  let table = createEdgeTable();
  let position: ReadPosition | undefined;
  let state: 'ready' | 'too-many' = 'ready';
  let following: Promise<void> | undefined;

  const follow = async (): Promise<void> => {
    if (position === undefined && (await countLive(db)) > limit) return giveUp();
    const { position: read, live } = await takeUpChanges(db, table, position);
    position = read;
    if (live > limit) return giveUp();
    if (table.size() !== live) await dropVanished(db, table);
    if (table.ends() > Math.max(endsKept, 3 * live)) {
      table = createEdgeTable();
      position = (await takeUpChanges(db, table, undefined)).position;
    }
  };

  const giveUp = (): void => {
    log.warn({ limit }, 'there are more live connections than are held in memory: the map takes longer');
    state = 'too-many';
    table = createEdgeTable();
  };

  /** One at a time: who asks meanwhile waits for the round that runs and has another one. */
  const round = async (): Promise<void> => {
    while (following !== undefined) await following.catch(() => undefined);
    following = follow().finally(() => {
      following = undefined;
    });
    return following;
  };

  return {
    current: async () => {
      if (state === 'too-many') return undefined;
      await round();
      return state === 'ready' ? table.columns() : undefined;
    },
    figures: () => ({ edges: table.size(), bytes: table.size() * keptBytes, state }),
    start: () =>
      void round().catch((error: unknown) =>
        log.debug({ error: messageOf(error) }, 'connections could not be read ahead of the first question'),
      ),
    [Symbol.asyncDispose]: async () => {
      await following?.catch(() => undefined);
    },
  };
};
