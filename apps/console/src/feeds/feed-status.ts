import type { FeedStatus, TrustSigns } from '@parapet/contract/api';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';

/** The state of the feeds for people. `problem` is why the active version cannot be used, when it cannot. */
export const readFeedStatus = async (db: Database, problem: string | undefined): Promise<FeedStatus> => {
  const [versions, state] = await Promise.all([
    db.selectFrom('feed_versions').selectAll().orderBy('activated_at', 'desc').execute(),
    db.selectFrom('feed_state').selectAll().executeTakeFirstOrThrow(),
  ]);
  const active = versions.find((version) => version.active);
  const waiting = active === undefined ? 0 : await countWaiting(db, active.version);
  return {
    active: active && {
      version: active.version,
      activatedAt: active.activated_at.toISOString(),
      advisories: active.advisories,
      origin: active.origin,
      sizeBytes: active.size_bytes,
    },
    earlier: versions
      .filter((version) => !version.active)
      .map((version) => ({
        version: version.version,
        activatedAt: version.activated_at.toISOString(),
        advisories: version.advisories,
      })),
    sources: (active?.sources ?? []).map((source) => ({
      ...source,
      dataAt: instantOf(source.dataAt),
      fetchedAt: instantOf(source.fetchedAt),
      lastError: problem ?? source.lastError,
    })),
    update: state.update_progress ?? undefined,
    rematch:
      waiting === 0
        ? undefined
        : { done: Math.max(0, state.rematch_total - waiting), total: Math.max(state.rematch_total, waiting) },
    schedule: {
      everyHours: state.every_hours,
      nextAt: state.schedule_enabled ? state.next_at?.toISOString() : undefined,
      enabled: state.schedule_enabled,
    },
  };
};

/** Assets whose findings another version made. */
const countWaiting = async (db: Database, version: string): Promise<number> => {
  const { rows } = await sql<{ waiting: number }>`
    select count(*) as waiting from asset_software as s join assets as a on a.id = s.asset_id
    where s.matched_feed is distinct from ${version} and a.status <> 'gone'`.execute(db);
  return rows[0]?.waiting ?? 0;
};

/** Publishers add advisories daily; a week without is old. */
const staleAfterMs = 7 * 24 * 3_600_000;

/** The trust sign of the feeds: the newest of the publishers' dates. */
export const readFeedAge = async (db: Database, now: Date): Promise<TrustSigns['feeds']> => {
  const active = await db.selectFrom('feed_versions').selectAll().where('active', '=', true).executeTakeFirst();
  if (active === undefined) return { state: 'none' };
  const times = active.sources.map((source) => Date.parse(source.dataAt ?? '')).filter((time) => !Number.isNaN(time));
  const dataAt = times.length === 0 ? active.activated_at.getTime() : Math.max(...times);
  return { state: now.getTime() - dataAt > staleAfterMs ? 'stale' : 'fresh', dataAt: new Date(dataAt).toISOString() };
};

const instantOf = (text: string | undefined): string | undefined => {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
};
