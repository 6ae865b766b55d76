import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import { type Moment, silentSince } from '../moment.ts';
import type { Marks } from './marks.ts';

/** Says from when on nothing is heard of the drawn hosts. Asked apart, since hosts are rarely silent. */
export const tellSilences = async (db: Database, moment: Moment, marks: Marks): Promise<void> => {
  const silent = new Map(
    marks
      .all()
      .flatMap((mark) =>
        mark.kind === 'host' && mark.status === 'unknown' && mark.assetId !== undefined ? [[mark.assetId, mark]] : [],
      ),
  );
  if (silent.size === 0) return;
  const { rows } = await sql<{ id: string; since: Date | null }>`
    select host.id, ${silentSince(sql.ref('host.id'), moment)} as since
    from unnest(${[...silent.keys()]}::uuid[]) as host (id)`.execute(db);
  for (const { id, since } of rows) {
    const mark = silent.get(id);
    if (mark !== undefined && since !== null) mark.silentSince = since.toISOString();
  }
};
