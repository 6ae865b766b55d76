import { messageOf } from '@parapet/core';
import { sql } from 'kysely';
import type pg from 'pg';
import type { Database } from '../../database/database.ts';
import type { Log } from '../../logging/log.ts';
import { loadFindings } from './load-findings.ts';
import { createNumbering, keptBytes, type Numberings, type Segment, unpackSegment } from './segment.ts';

/** All findings as columns in memory, one segment an asset. */
export type FindingColumns = Numberings & { readonly segments: ReadonlyMap<string, Segment> };

/**
 * A copy of what the findings table says in lists, for questions that no index of the database answers in time: a word that
 * a third of a million findings match, counted by facet. It follows the table by `finding_changes`.
 */
export type FindingIndex = AsyncDisposable & {
  /** What is committed now; undefined while it is not read yet, or there are more findings than it may hold: ask the database then. */
  readonly current: () => Promise<FindingColumns | undefined>;
  readonly figures: () => {
    readonly findings: number;
    readonly bytes: number;
    readonly state: 'reading' | 'ready' | 'too-many';
  };
  readonly start: () => void;
};

/** More are left to the database, which answers slower: 162 MB. */
const findingLimit = 3_000_000;
/** Assets read at a time, and while somebody waits; what is beyond follows within a second. */
const assetsAtOnce = 40;
const assetsWhileAsked = 80;
const followEveryMs = 1_000;

export const createFindingIndex = (deps: {
  readonly db: Database;
  readonly pool: pg.Pool;
  readonly log: Log;
  readonly limit?: number;
}): FindingIndex => {
  const { db, pool, log } = deps;
  const limit = deps.limit ?? findingLimit;
  const stopping = new AbortController();
  const segments = new Map<string, Segment>();
  let numberings: Numberings = newNumberings();
  let position = 0;
  let findings = 0;
  let state: 'reading' | 'ready' | 'too-many' = 'reading';
  let following: Promise<boolean> | undefined;
  let timer: NodeJS.Timeout | undefined;
  let loading: Promise<void> | undefined;

  /** Takes up the next changed assets; true when none was left. */
  const step = async (): Promise<boolean> => {
    const { rows } = await sql<{ asset_id: string; change: number; packed: Buffer | null }>`
      select c.asset_id, c.change, (
        select string_agg(timestamptz_send(f.first_seen_at), '') || string_agg(timestamptz_send(coalesce(f.closed_at, 'epoch')), '')
          || string_agg(int4send(f.vulnerability_id::int), '')
          || string_agg(int4send(f.product_id::int), '') || string_agg(int4send(f.fix_id::int), '') || string_agg(float4send(f.risk), '')
          || string_agg(float4send(coalesce(f.cvss, -1)), '') || string_agg(int4send(f.cell), '') || string_agg(uuid_send(f.id), '')
        from findings f where f.asset_id = c.asset_id
      ) as packed
      from (select asset_id, change from finding_changes where change > ${position} order by change limit ${assetsAtOnce}) as c
      order by c.change`.execute(db);
    for (const row of rows) {
      findings -= segments.get(row.asset_id)?.length ?? 0;
      if (row.packed === null) segments.delete(row.asset_id);
      else {
        const segment = unpackSegment(row.asset_id, row.packed, numberings);
        segments.set(row.asset_id, segment);
        findings += segment.length;
      }
      position = row.change;
    }
    return rows.length < assetsAtOnce;
  };

  const follow = async (mostAssets: number): Promise<boolean> => {
    for (let taken = 0; taken < mostAssets && !stopping.signal.aborted; taken += assetsAtOnce) {
      if (findings > limit) {
        giveUp();
        return false;
      }
      const done = await step();
      if (findings > limit) continue;
      if (done) {
        if (state === 'reading') log.info({ findings, bytes: findings * keptBytes }, 'findings are in memory');
        state = 'ready';
        return true;
      }
    }
    return false;
  };

  /** All of them at once; what that cannot do, following from the beginning does, only slower. */
  const load = async (): Promise<void> => {
    try {
      const loaded = await loadFindings(pool, numberings, limit, stopping.signal);
      if (loaded === undefined) return giveUp();
      for (const [assetId, segment] of loaded.segments) segments.set(assetId, segment);
      ({ position, findings } = loaded);
    } catch (error) {
      if (!stopping.signal.aborted) log.warn({ error: messageOf(error) }, 'findings could not be read at once');
    }
  };

  const giveUp = (): void => {
    log.warn({ limit }, 'there are more findings than are held in memory: searching them takes longer');
    state = 'too-many';
    segments.clear();
    numberings = newNumberings();
    findings = 0;
  };

  /** One at a time: who asks meanwhile waits for the round that runs and has another one. */
  const round = async (mostAssets: number): Promise<boolean> => {
    while (following !== undefined) await following;
    following = follow(mostAssets).finally(() => {
      following = undefined;
    });
    return following;
  };

  const tick = async (): Promise<void> => {
    try {
      while (state !== 'too-many' && !stopping.signal.aborted && !(await round(assetsAtOnce)));
    } catch (error) {
      log.debug({ error: messageOf(error) }, 'findings in memory could not be brought up to date');
    }
    if (stopping.signal.aborted || state === 'too-many') return;
    timer = setTimeout(() => void tick(), followEveryMs);
    timer.unref();
  };

  return {
    current: async () => {
      if (state !== 'ready') return undefined;
      await round(assetsWhileAsked);
      return { ...numberings, segments };
    },
    figures: () => ({ findings, bytes: findings * keptBytes, state }),
    start: () => {
      loading = load().then(tick);
    },
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      await loading;
      clearTimeout(timer);
      await following?.catch(() => undefined);
    },
  };
};

const newNumberings = (): Numberings => ({
  vulnerabilities: createNumbering(),
  products: createNumbering(),
  fixes: createNumbering(),
});
