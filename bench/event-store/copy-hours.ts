import { statSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Console } from '../../apps/console/src/context/console.ts';
import { telemetryFolder } from '../../apps/console/src/telemetry/event-files.ts';

const hourUs = 3_600_000_000;

/**
 * Fills the store with copies of the hour in it until it holds so many events: each copy an hour earlier, its containers with
 * names of their own. Returns how many there are.
 */
export const copyHours = async ({ platform }: Console, events: number): Promise<number> => {
  const { db, folder } = platform;
  const present = await db.selectFrom('telemetry_files').selectAll().where('retired_at', 'is', null).execute();
  const rows = present.reduce((sum, file) => sum + Number(file.rows), 0);
  const dir = join(folder.root, telemetryFolder, 'events');
  const source = present.map(({ path }) => `'${join(dir, path)}'`).join(', ');
  const engine = await (await DuckDBInstance.create(':memory:')).connect();
  let total = rows;
  for (let hour = 1; total < events; hour += 1) {
    const path = `copy-${hour}.parquet`;
    await engine.run(`
copy (select * replace ("@timestamp" - ${hour * hourUs} as "@timestamp", ("container.id" || '-${hour}') as "container.id")
  from read_parquet([${source}], union_by_name = true))
to '${join(dir, path)}' (format parquet, compression zstd, row_group_size 60000)`);
    const first = Math.min(...present.map((file) => Number(file.first_at)));
    const last = Math.max(...present.map((file) => Number(file.last_at)));
    await db
      .insertInto('telemetry_files')
      .values({
        ...{ path, rows, bytes: statSync(join(dir, path)).size, hosts: present.flatMap(({ hosts }) => hosts) },
        ...{ first_at: first - hour * hourUs, last_at: last - hour * hourUs, stored_at: new Date(), retired_at: null },
      })
      .execute();
    total += rows;
  }
  engine.closeSync();
  return total;
};
