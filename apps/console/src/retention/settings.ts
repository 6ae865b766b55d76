import { defaultRetention, RetentionSettings } from '@parapet/contract/api';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';

const name = 'retention';

/** What people chose, else the defaults. A stored value that this version cannot read counts as none. */
export const readRetention = async (db: Database): Promise<RetentionSettings> => {
  const row = await db.selectFrom('console_settings').select('value').where('name', '=', name).executeTakeFirst();
  const stored = RetentionSettings.safeParse({ ...defaultRetention, ...(row?.value as object | undefined) });
  return stored.success ? stored.data : defaultRetention;
};

export const writeRetention = async (db: Database, settings: RetentionSettings, at: Date): Promise<void> => {
  await sql`
    insert into console_settings (name, value, updated_at) values (${name}, ${JSON.stringify(settings)}::jsonb, ${at})
    on conflict (name) do update set value = excluded.value, updated_at = excluded.updated_at`.execute(db);
};
