import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import { edgesThere, type Moment } from '../moment.ts';
import type { EdgeCopy } from './edge-columns.ts';
import type { EdgeIndex } from './edge-index.ts';
import { takeUpNamed } from './read-changes.ts';

/** More are left to the database, as of live ones. */
const mostEdges = 500_000;

/**
 * The edges that were there at a past moment: which they are and those that are over by now from the database, the others from
 * memory, since an edge tells of its whole life whenever it is looked at. Undefined when the database has to answer.
 */
export const readPastEdges = async (
  db: Database,
  edgeIndex: EdgeIndex,
  moment: Moment,
): Promise<EdgeCopy | undefined> => {
  const there = await idsThere(db, moment);
  if (there.length > mostEdges) return undefined;
  const live = await edgeIndex.current();
  if (live === undefined) return undefined;
  const { copy, missing } = live.copyOf(there);
  const found = missing.length === 0 ? 0 : await takeUpNamed(db, copy, missing);
  // One that was merged into another meanwhile is found by its new number alone.
  return found === missing.length ? copy : undefined;
};

const idsThere = async (db: Database, moment: Moment): Promise<Float64Array> => {
  const { rows } = await sql<{ packed: Buffer | null }>`
    select string_agg(float8send(there.id), '') as packed from (${edgesThere(moment)}) as there (id)`.execute(db);
  const packed = rows[0]?.packed ?? Buffer.alloc(0);
  const ids = new Float64Array(packed.length / 8);
  for (let at = 0; at < ids.length; at += 1) ids[at] = packed.readDoubleBE(at * 8);
  return ids;
};
