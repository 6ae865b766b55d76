import type { ImageRecord } from '@parapet/contract/wire';
import { sql } from 'kysely';
import type { DatabaseTransaction } from '../../database/database.ts';
import type { HostContext } from '../host-context.ts';

/**
 * Stores the images a host holds. An image is one asset whoever holds it; what a host says of it counts for the shared asset
 * only while no other host holds it too.
 */
export const storeImages = async (context: HostContext, records: readonly ImageRecord[]): Promise<void> => {
  const held = records.filter((record) => record.endedAt === undefined).sort((a, b) => (a.key < b.key ? -1 : 1));
  if (held.length > 0) await storeHeld(context, held);
  const dropped = records.filter((record) => record.endedAt !== undefined).map((record) => record.key);
  if (dropped.length > 0) await dropImages(context, dropped, context.time.now);
};

/** The host no longer holds these; an image that nobody holds is gone. */
export const dropImages = async (context: HostContext, keys: readonly string[], at: Date): Promise<void> => {
  const { trx, hostId } = context;
  const { rows } = await sql<{ id: string }>`
    update image_locations l set ended_at = ${at} from assets a
    where a.kind = 'image' and a.key = any(${keys}::text[]) and l.image_id = a.id and l.host_id = ${hostId}
      and l.ended_at is null
    returning l.image_id as id`.execute(trx);
  const ids = rows.map((row) => row.id);
  if (ids.length === 0) return;
  await lockImages(trx, 'drop');
  await sql`
    with gone as (
      update assets a set status = 'gone', ended_at = ${at}
      where a.id = any(${ids}::uuid[])
        and not exists (select 1 from image_locations l where l.image_id = a.id and l.ended_at is null)
      returning a.id)
    update asset_intervals i set ended_at = greatest(${at}, i.started_at) from gone
    where i.asset_id = gone.id and i.ended_at is null`.execute(trx);
  context.changes.note('image', ids);
};

/**
 * Who holds an image that is there already leaves its row alone, so nothing but this lock keeps another from calling it gone
 * meanwhile: those who hold share it, who drops one has it alone.
 */
const lockImages = async (trx: DatabaseTransaction, purpose: 'hold' | 'drop'): Promise<void> => {
  const lock =
    purpose === 'hold'
      ? sql`select pg_advisory_xact_lock_shared(hashtextextended('images', 0))`
      : sql`select pg_advisory_xact_lock(hashtextextended('images', 0))`;
  await lock.execute(trx);
};

/** How long the time at which an image was last told of may lag behind. */
const lastSeenLagMs = 3_600_000;

/**
 * A fleet holds a few images many times over. A row that would say what it says already is not written: it would be locked
 * until the transaction ends, and all snapshots of the fleet would wait for each other.
 */
const storeHeld = async (context: HostContext, records: readonly ImageRecord[]): Promise<void> => {
  const { trx, hostId, time } = context;
  const input = JSON.stringify(
    records.map((record) => ({ key: record.key, name: nameOf(record), labels: record.labels, record })),
  );
  await lockImages(trx, 'hold');
  const { rows } = await sql<{ id: string }>`
    with told as materialized (
      select * from jsonb_to_recordset(${input}::jsonb) as x (key text, name text, labels jsonb, record jsonb)),
    current as (
      select a.id, a.key from told x join assets a on a.kind = 'image' and a.key = x.key
      where a.status = 'present' and a.last_seen_at > ${new Date(time.now.getTime() - lastSeenLagMs)}
        and (a.record = x.record or not ${onlyHolder(hostId, 'a')})),
    written as (
      insert into assets (id, kind, key, name, status, runtime_labels, record, first_seen_at, last_seen_at)
      select gen_random_uuid(), 'image', x.key, x.name, 'present', x.labels, x.record, ${time.now}, ${time.now}
      from told x where not exists (select 1 from current c where c.key = x.key)
      order by x.key
      on conflict (key) where kind = 'image' do update set
        status = 'present', ended_at = null, last_seen_at = greatest(assets.last_seen_at, excluded.last_seen_at),
        name = case when ${onlyHolder(hostId, 'assets')} then excluded.name else assets.name end,
        runtime_labels = case when ${onlyHolder(hostId, 'assets')} then excluded.runtime_labels else assets.runtime_labels end,
        record = case when ${onlyHolder(hostId, 'assets')} then excluded.record else assets.record end
      returning id, key),
    opened as (
      insert into asset_intervals (asset_id, started_at) select id, ${time.now} from written
      on conflict (asset_id) where ended_at is null do nothing)
    insert into image_locations (image_id, host_id, record, first_seen_at, last_seen_at)
    select i.id, ${hostId}, x.record, ${time.now}, ${time.now}
    from (select id, key from current union all select id, key from written) i join told x on x.key = i.key
    on conflict (image_id, host_id) do update
      set record = excluded.record, last_seen_at = excluded.last_seen_at, ended_at = null
    returning image_id as id`.execute(trx);
  const ids = rows.map((row) => row.id);
  await sql`
    update assets c set image_id = a.id from assets a
    where a.id = any(${ids}::uuid[]) and c.host_id = ${hostId} and c.kind = 'container' and c.image_id is null
      and c.record ->> 'imageDigest' = a.key`.execute(trx);
  context.changes.note('image', ids);
};

const onlyHolder = (hostId: string, image: string) => sql`not exists (
  select 1 from image_locations l
  where l.image_id = ${sql.ref(`${image}.id`)} and l.host_id <> ${hostId} and l.ended_at is null)`;

const nameOf = (record: ImageRecord): string =>
  record.tags[0] ?? record.repoDigests[0] ?? record.key.replace(/^sha256:/, '').slice(0, 12);
