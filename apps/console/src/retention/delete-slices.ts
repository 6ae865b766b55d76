import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { inSlices } from '../database/in-slices.ts';
import { writeFindings } from '../findings/write-lock.ts';
import type { AgingTable } from './kinds.ts';

/** Rows removed by one statement: short locks, and a stop is heard soon. */
const sliceRows = 2_000;
/** Findings take their roll-ups along, under the lock of all that write findings. */
const findingSliceRows = 250;

/** Removes what was over before a time, a slice after the other, resting as long as each took. Returns how many rows went. */
export const deleteOlder = async (
  db: Database,
  { table, endedAt, key, only }: AgingTable,
  before: Date,
  signal: AbortSignal,
): Promise<number> => {
  const isFindings = table === 'findings';
  const slice = isFindings ? findingSliceRows : sliceRows;
  const [name, column] = [sql.table(table), sql.ref(key)];
  const statement = sql`
    delete from ${name} where ${column} in (
      select ${column} from ${name} where ${sql.ref(endedAt)} < ${before} and ${only ?? sql`true`} limit ${slice})`;
  const step = async (): Promise<number> => {
    const result = isFindings ? await writeFindings(db, (tx) => statement.execute(tx)) : await statement.execute(db);
    return Number(result.numAffectedRows ?? 0n);
  };
  return inSlices(step, slice, signal);
};
