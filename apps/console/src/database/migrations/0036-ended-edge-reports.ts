import { type Kysely, sql } from 'kysely';

/**
 * Reports of edges that are over are few beside those that live, and were looked for by reading all. The index is not by their time: that
 * changes with every report of a live one, which an index on it would make write every other index as well.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`create index edge_reports_over on edge_reports (host_id) where not live`.execute(db);
};
