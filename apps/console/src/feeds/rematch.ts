import { type Clock, messageOf } from '@parapet/core';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { AdvisoryContent } from '../findings/advisory-content.ts';
import { rematchAsset } from '../findings/match-asset.ts';
import { writeFindings } from '../findings/write-lock.ts';
import type { LiveFeed } from '../live/live-feed.ts';
import type { Log } from '../logging/log.ts';

export type RematchDeps = {
  readonly db: Database;
  readonly content: AdvisoryContent;
  readonly clock: Clock;
  readonly live: LiveFeed;
  readonly log: Log;
};

const tellEveryMs = 1000;

/**
 * Matches every stored SBOM that another feed version matched last; nothing is scanned again. Each asset is its own
 * transaction, so a stop loses nothing and the next run goes on. Throws when some assets failed, after all were tried.
 */
export const rematchAll = async (deps: RematchDeps, signal: AbortSignal): Promise<void> => {
  const { db, content, clock, live, log } = deps;
  const failed: string[] = [];
  const sums = { opened: 0, closed: 0 };
  let toldAt = clock.now();
  for (;;) {
    const version = content.current()?.version;
    if (version === undefined) return;
    const assetIds = await nextAssets(db, version, failed);
    if (assetIds.length === 0) break;
    for (const assetId of assetIds) {
      signal.throwIfAborted();
      try {
        const outcome = await writeFindings(db, (tx) => rematchAsset(tx, content, assetId, new Date(clock.now())));
        sums.opened += outcome.opened;
        sums.closed += outcome.closed;
      } catch (error) {
        failed.push(assetId);
        log.error({ assetId, error: messageOf(error) }, 'an asset could not be matched against the new feed');
      }
      if (clock.now() - toldAt >= tellEveryMs) {
        toldAt = clock.now();
        live.publish({ kind: 'feeds' });
      }
    }
  }
  live.publish({ kind: 'feeds' });
  if (sums.opened + sums.closed > 0) live.publish({ kind: 'findings', ...sums });
  if (failed.length > 0) throw new Error(`${failed.length} assets could not be matched`);
};

/** The riskiest first: their news matter most. Many at once, because looking for them reads all. */
const nextAssets = async (db: Database, version: string, failed: readonly string[]): Promise<readonly string[]> => {
  const { rows } = await sql<{ asset_id: string }>`
    select s.asset_id from asset_software as s join assets as a on a.id = s.asset_id
    where s.matched_feed is distinct from ${version} and a.status <> 'gone' and s.asset_id <> all(${failed}::uuid[])
    order by a.risk desc nulls first limit ${assetsAtOnce}`.execute(db);
  return rows.map((row) => row.asset_id);
};

const assetsAtOnce = 1000;
