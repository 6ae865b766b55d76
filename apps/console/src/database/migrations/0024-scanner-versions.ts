import { type Kysely, sql } from 'kysely';

/** Which version of the scanner read a target: lists of different versions do not contradict each other. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`alter table sboms add column scanner text`.execute(db);
};
