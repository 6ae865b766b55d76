import type { Kysely } from 'kysely';
import { sql } from 'kysely';
import { z } from 'zod';
import type { Database, Tables } from '../database/database.ts';
import { storeFilesOf } from '../telemetry/event-files.ts';
import { forgetGone } from '../telemetry/gone.ts';
import type { BackupManifest } from './format.ts';

/** What a console remembers of its restore: sensors whose certificate is younger than its data are recognised by it. */
export const RestoredFrom = z.object({
  backup: z.string(),
  takenAt: z.iso.datetime(),
  restoredAt: z.iso.datetime(),
  program: z.string(),
  console: z.string(),
});
export type RestoredFrom = z.infer<typeof RestoredFrom>;

const settingName = 'restored-from';

export const readRestoredFrom = async (db: Database): Promise<RestoredFrom | undefined> => {
  const row = await db
    .selectFrom('console_settings')
    .select('value')
    .where('name', '=', settingName)
    .executeTakeFirst();
  const parsed = RestoredFrom.safeParse(row?.value);
  return parsed.success ? parsed.data : undefined;
};

/**
 * What was true when the backup was taken and is not any more: nobody is signed in, no link waits to be used (it may have
 * been), no sensor is connected, and from the backup on nothing was seen until each comes back.
 */
export const adjustRestored = async (
  db: Kysely<Tables>,
  manifest: Pick<BackupManifest, 'id' | 'takenAt' | 'program' | 'console' | 'files'>,
  now: Date,
): Promise<void> => {
  const takenAt = new Date(manifest.takenAt);
  await db.deleteFrom('sessions').execute();
  await db.deleteFrom('one_time_links').execute();
  await markUnseen(db, takenAt);
  await forgetMissingEvents(db, manifest.files);
  await sql`update feed_state set update_progress = null, next_at = case when schedule_enabled then ${now} else next_at end`.execute(
    db,
  );
  const restored: RestoredFrom = {
    backup: manifest.id,
    takenAt: manifest.takenAt,
    restoredAt: now.toISOString(),
    program: manifest.program,
    console: manifest.console,
  };
  const value = JSON.stringify(restored);
  await db
    .insertInto('console_settings')
    .values({ name: settingName, value, updated_at: now })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value, updated_at: now }))
    .execute();
  await db
    .insertInto('audit_log')
    .values({
      at: now,
      actor_kind: 'system',
      actor_name: 'command line',
      action: 'console.restore',
      outcome: 'succeeded',
      target: manifest.id,
      details: value,
    })
    .execute();
};

/** Events that the backup did not bring along: hunts that reach back to them say so. */
const forgetMissingEvents = async (db: Kysely<Tables>, files: BackupManifest['files']): Promise<void> => {
  const present = storeFilesOf(files.map(({ path }) => path));
  await db.deleteFrom('telemetry_files').where('retired_at', 'is not', null).execute();
  await forgetGone(db, sql`not (path = any(${present}::text[]))`, 'restore');
};

/** What sensors told after the backup is not here; they tell what is there now, but not what came and went. */
const markUnseen = async (db: Kysely<Tables>, takenAt: Date): Promise<void> => {
  await sql`
    insert into blind_intervals (host_id, collector, key, started_at, cause)
    select host_id, 'sensor', 'sensor|' || (extract(epoch from ${takenAt}::timestamptz) * 1000)::bigint, ${takenAt},
      'The console was restored from a backup of this moment: what it learnt later is not in it.'
    from sensors where presence = 'online'
    on conflict (host_id, key) do update set ended_at = null, cause = excluded.cause`.execute(db);
  await sql`
    update assets a set status = 'unknown' from sensors s
    where s.presence = 'online' and a.status = 'running' and (a.id = s.host_id or a.host_id = s.host_id)`.execute(db);
  await sql`update sensors set presence = 'unknown', presence_since = ${takenAt}, in_sync = null where presence = 'online'`.execute(
    db,
  );
};
