import { BackupSchedule } from '@parapet/contract/api';
import { z } from 'zod';
import type { Database } from '../database/database.ts';

/** How backups are made by themselves, and how the last one went. */
export const BackupSettings = BackupSchedule.extend({
  nextAt: z.iso.datetime().optional(),
  lastFailure: z.object({ at: z.iso.datetime(), message: z.string() }).optional(),
});
export type BackupSettings = z.infer<typeof BackupSettings>;

const settingName = 'backups';
const defaults: BackupSettings = { enabled: true, everyHours: 24, keep: 3 };

export const readBackupSettings = async (db: Database): Promise<BackupSettings> => {
  const row = await db
    .selectFrom('console_settings')
    .select('value')
    .where('name', '=', settingName)
    .executeTakeFirst();
  const parsed = BackupSettings.safeParse(row?.value);
  return parsed.success ? parsed.data : defaults;
};

export const writeBackupSettings = async (db: Database, settings: BackupSettings, now: Date): Promise<void> => {
  const value = JSON.stringify(settings);
  await db
    .insertInto('console_settings')
    .values({ name: settingName, value, updated_at: now })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ value, updated_at: now }))
    .execute();
};
