import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { BuiltFeed } from './feed-job.ts';

/** Versions that can be rolled back to. */
const keptVersions = 3;

/**
 * Makes a built version the active one. Returns the versions that are kept no longer, whose files may go. Matching follows by
 * what `asset_software.matched_feed` names.
 */
export const activateVersion = (db: Database, feed: BuiltFeed, at: Date): Promise<readonly string[]> =>
  db.transaction().execute(async (tx) => {
    await tx.updateTable('feed_versions').set({ active: false }).where('active', '=', true).execute();
    const row = {
      file: feed.path,
      origin: feed.origin,
      advisories: feed.advisories,
      size_bytes: feed.sizeBytes,
      sources: JSON.stringify(feed.sources),
      activated_at: at,
      active: true,
    };
    await tx
      .insertInto('feed_versions')
      .values({ version: feed.version, ...row })
      .onConflict((conflict) => conflict.column('version').doUpdateSet(row))
      .execute();
    await countRematch(tx, feed.version);
    const { rows } = await sql<{ version: string }>`
      delete from feed_versions where not active and version not in (
        select version from feed_versions where not active order by activated_at desc limit ${keptVersions}
      ) returning version`.execute(tx);
    return rows.map((gone) => gone.version);
  });

/** Makes a kept version active again. */
export const reactivateVersion = (db: Database, version: string, at: Date): Promise<void> =>
  db.transaction().execute(async (tx) => {
    await tx.updateTable('feed_versions').set({ active: false }).where('active', '=', true).execute();
    await tx
      .updateTable('feed_versions')
      .set({ active: true, activated_at: at })
      .where('version', '=', version)
      .executeTakeFirstOrThrow();
    await countRematch(tx, version);
  });

const countRematch = async (tx: Database, version: string): Promise<void> => {
  await sql`
    update feed_state set rematch_total = (
      select count(*) from asset_software as s join assets as a on a.id = s.asset_id
      where s.matched_feed is distinct from ${version} and a.status <> 'gone'
    )`.execute(tx);
};
