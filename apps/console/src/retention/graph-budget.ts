import type { RetentionSettings } from '@parapet/contract/api';
import type { Database } from '../database/database.ts';
import { rowBytesOf, rowsWithin } from './estimate.ts';
import { dayMs, graphTables } from './kinds.ts';

/**
 * Before when the graph's past goes: its days, or later when what they hold takes more than its budget. Whole days go, the
 * oldest first, and the last day stays whatever it takes.
 */
export const graphCutoff = async (
  db: Database,
  settings: Pick<RetentionSettings, 'graphDays' | 'graphBytes'>,
  now: Date,
): Promise<Date> => {
  const byAge = new Date(now.getTime() - settings.graphDays * dayMs);
  if (settings.graphBytes === null) return byAge;
  const rowBytes = await rowBytesOf(
    db,
    graphTables.map(({ table }) => table),
  );
  let bytes = 0;
  for (let day = 1; day <= settings.graphDays; day += 1) {
    const span = { after: new Date(now.getTime() - day * dayMs), before: new Date(now.getTime() - (day - 1) * dayMs) };
    for (const table of graphTables) bytes += (await rowsWithin(db, table, span)) * (rowBytes.get(table.table) ?? 0);
    if (bytes > settings.graphBytes) return day === 1 ? span.after : span.before;
  }
  return byAge;
};
