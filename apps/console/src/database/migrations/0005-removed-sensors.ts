import { type Kysely, sql } from 'kysely';

/** A sensor that was uninstalled is neither silent nor stopped: nobody waits for it. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
    alter table sensors drop constraint sensors_presence_check,
      add constraint sensors_presence_check
        check (presence in ('online', 'unknown', 'stopped', 'revoked', 'removed'))`.execute(db);
};
