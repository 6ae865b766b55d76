import { type Clock, messageOf, systemClock } from '@parapet/core';
import type { Database } from '../../database/database.ts';
import type { Log } from '../../logging/log.ts';
import { type ReadPosition, type WrittenSince, writtenSince } from './written-since.ts';

/** A copy of a table's live rows in memory. Each question first takes up what was committed since the last one. */
export type TableCopy<T> = AsyncDisposable & {
  /** What is committed now; undefined while there are more rows than it may hold: ask the database then. */
  readonly current: () => Promise<T | undefined>;
  readonly figures: () => { readonly rows: number; readonly bytes: number; readonly state: 'ready' | 'too-many' };
  /** Reads all rows ahead of the first question. */
  readonly start: () => void;
};

/** How a copy is made and kept. */
export type CopyOf<T extends { readonly size: () => number }> = {
  /** For the log: what the rows are. */
  readonly what: string;
  /** More rows are left to the database, which answers slower. */
  readonly limit: number;
  readonly bytesPerRow: number;
  readonly make: () => T;
  /** Puts the rows written since into the copy; tells how many live ones the database had in the same moment. */
  readonly takeUp: (db: Database, copy: T, since: WrittenSince, isFirst: boolean) => Promise<number>;
  readonly countLive: (db: Database) => Promise<number>;
  /** Removes the rows that are not among the live ones any more. */
  readonly dropVanished: (db: Database, copy: T) => Promise<void>;
  /** Whether it remembers so much of what is over that it should be made anew. */
  readonly isWorn: (copy: T, live: number) => boolean;
};

/** Rows that were too many are counted again after this. */
const countAgainMs = 60_000;
/** So far below its limit a copy begins anew, so that it does not come and go with each row. */
const roomToBegin = 0.9;

export const followTable = <T extends { readonly size: () => number }>(
  deps: { readonly db: Database; readonly log: Log; readonly clock?: Clock | undefined },
  of: CopyOf<T>,
): TableCopy<T> => {
  const { db, log, clock = systemClock } = deps;
  let copy = of.make();
  let position: ReadPosition | undefined;
  let state: 'ready' | 'too-many' = 'ready';
  let following: Promise<void> | undefined;
  let waiting: Promise<void> | undefined;
  let countAgainAt = 0;
  let beginning: Promise<void> | undefined;

  const takeUp = async (): Promise<number> => {
    const since = await writtenSince(db, position);
    const live = await of.takeUp(db, copy, since, position === undefined);
    position = since.next;
    return live;
  };

  const follow = async (): Promise<void> => {
    if (position === undefined && (await of.countLive(db)) > of.limit) return giveUp();
    const live = await takeUp();
    if (live > of.limit) return giveUp();
    state = 'ready';
    if (copy.size() !== live) await of.dropVanished(db, copy);
    if (!of.isWorn(copy, live)) return;
    copy = of.make();
    position = undefined;
    await takeUp();
  };

  const giveUp = (): void => {
    log.warn({ limit: of.limit }, `there are more ${of.what} than are held in memory: the map takes longer`);
    state = 'too-many';
    countAgainAt = clock.now() + countAgainMs;
    copy = of.make();
    position = undefined;
  };

  /** Beside the questions, which are left to the database until all is read. */
  const beginAnew = async (): Promise<void> => {
    if ((await of.countLive(db)) > of.limit * roomToBegin) return;
    await round();
    log.info({ limit: of.limit }, `${of.what} are held in memory again`);
  };

  const begin = (): Promise<void> => {
    following = follow().finally(() => {
      following = undefined;
    });
    return following;
  };

  /** One at a time: who asks meanwhile shares the next one, for what runs may not see what was committed by then. */
  const round = (): Promise<void> => {
    if (following === undefined) return begin();
    waiting ??= following
      .catch(() => undefined)
      .then(() => {
        waiting = undefined;
        return following ?? begin();
      });
    return waiting;
  };

  return {
    current: async () => {
      if (state === 'too-many') {
        if (clock.now() < countAgainAt) return undefined;
        countAgainAt = clock.now() + countAgainMs;
        beginning = beginAnew().catch((error: unknown) =>
          log.debug({ error: messageOf(error) }, `${of.what} could not be counted again`),
        );
        return undefined;
      }
      await round();
      return state === 'ready' ? copy : undefined;
    },
    figures: () => ({ rows: copy.size(), bytes: copy.size() * of.bytesPerRow, state }),
    start: () =>
      void round().catch((error: unknown) =>
        log.debug({ error: messageOf(error) }, `${of.what} could not be read ahead of the first question`),
      ),
    [Symbol.asyncDispose]: async () => {
      await beginning;
      await (waiting ?? following)?.catch(() => undefined);
    },
  };
};
