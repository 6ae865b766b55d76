import { sql } from 'kysely';
import type { DatabaseTransaction } from '../database/database.ts';

export type HistoryEntry = {
  readonly findingId: string;
  readonly at: Date;
  readonly text: string;
  readonly by?: string | undefined;
};

/** Writes what happened to findings, for their pages. */
export const recordHistory = async (tx: DatabaseTransaction, entries: readonly HistoryEntry[]): Promise<void> => {
  if (entries.length === 0) return;
  await sql`
    insert into finding_history (finding_id, at, text, by_name)
    select finding_id, at, text, by_name from unnest(${entries.map((entry) => entry.findingId)}::uuid[], ${entries.map((entry) => entry.at)}::timestamptz[],
      ${entries.map((entry) => entry.text)}::text[], ${entries.map((entry) => entry.by ?? null)}::text[]) as new (finding_id, at, text, by_name)`.execute(
    tx,
  );
};
