import { sql } from 'kysely';
import type { Database } from '../../apps/console/src/database/database.ts';

/** Everything before it stored accounts of events as they came. */
export const coarserAccounts = '0041-coarser-accounts';

/**
 * A day of events by the columns before {@link coarserAccounts}: of each host an account every half minute, which lost something with
 * each hundredth on every tenth host, and the files that events of a day are in once they were put together.
 */
export const fillTelemetry = async (db: Database, hosts: number): Promise<void> => {
  await sql`
    insert into telemetry_accounts (host_id, collector, since, until, produced, told, unwanted, lost, losses, received_at)
    select host, 'activity', began_at, began_at + half * 30000, half * 450, half * 450, 0, losing * (half / 100), case losing when 0 then '[]'::jsonb
        else jsonb_build_array(jsonb_build_object('stage', 'kernel', 'cause', 'ring full', 'count', half / 100)) end, to_timestamp((began_at + half * 30000) / 1000)
    from (select md5('asset' || n)::uuid as host, (n % 10 = 0)::int as losing, (extract(epoch from now()) * 1000)::bigint - 86400000 as began_at
      from generate_series(1, ${hosts}::int) n) told cross join generate_series(1, 2880) half`.execute(db);
  await sql`
    insert into telemetry_files (path, rows, bytes, first_at, last_at, hosts, stored_at)
    select 'file-' || n || '.parquet', 300000, 9000000, (extract(epoch from at) * 1e6)::bigint, (extract(epoch from at + interval '5 minutes') * 1e6)::bigint,
      (select array_agg(md5('asset' || h)::uuid) from generate_series(1, ${hosts}::int) h), at
    from (select n, now() - n * interval '5 minutes' as at from generate_series(1, 288) n) made`.execute(db);
  await sql`analyze telemetry_accounts, telemetry_files`.execute(db);
};
