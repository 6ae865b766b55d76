import { basename } from 'node:path';
import type { Position } from '@parapet/contract/wire';
import type { EventFile } from '@parapet/telemetry';
import { sql } from 'kysely';
import type { Database, DatabaseTransaction } from '../database/database.ts';
import { accountOfRefused, storeAccounts } from './account-store.ts';
import type { DatedFile } from './newest-first.ts';
import type { Converted } from './worker-messages.ts';

/** A file of the store, by its name below the store's folder. */
export type StoredFile = { readonly path: string; readonly rows: number; readonly bytes: number };

/** Takes what came out of some segments into the store, all of it or nothing: from here on the segments are not needed. */
export const storeConverted = async (
  db: Database,
  converted: Converted,
  lastSegment: number,
  at: Date,
): Promise<void> => {
  await db.transaction().execute(async (tx) => {
    await sql`
insert into telemetry_progress (segment) values (${lastSegment})
on conflict (singleton) do update set segment = excluded.segment`.execute(tx);
    for (const file of converted.files) await putFile(tx, basename(file.path), file, at);
    for (const { hostId, position } of converted.positions) await putPosition(tx, hostId, position);
    await storeAccounts(
      tx,
      [...converted.accounts, ...converted.refused.map((refused) => accountOfRefused(refused, at))],
      at,
    );
  });
};

/** The merged file takes the place of the others, which stay for searches that have begun. */
export const storeMerged = async (
  db: Database,
  merged: { readonly name: string; readonly file: EventFile; readonly replaced: readonly string[] },
  at: Date,
): Promise<void> => {
  await db.transaction().execute(async (tx) => {
    await putFile(tx, merged.name, merged.file, at);
    await tx.updateTable('telemetry_files').set({ retired_at: at }).where('path', 'in', merged.replaced).execute();
  });
};

const putFile = async (tx: DatabaseTransaction, path: string, file: EventFile, at: Date): Promise<void> => {
  const { rows, bytes, firstAt, lastAt, hosts } = file;
  await tx
    .insertInto('telemetry_files')
    .values({
      ...{ path, rows, bytes, first_at: firstAt, last_at: lastAt, hosts: [...hosts], stored_at: at, retired_at: null },
    })
    .onConflict((conflict) => conflict.column('path').doNothing())
    .execute();
};

const putPosition = async (tx: DatabaseTransaction, hostId: string, { epoch, seq }: Position): Promise<void> => {
  await sql`
insert into telemetry_positions (host_id, epoch, seq) values (${hostId}, ${epoch}, ${seq})
on conflict (host_id) do update set epoch = excluded.epoch, seq = excluded.seq
where (telemetry_positions.epoch, telemetry_positions.seq) < (excluded.epoch, excluded.seq)`.execute(tx);
};

/** Segments up to this number are in the store. */
export const readProgress = async (db: Database): Promise<number> =>
  (await db.selectFrom('telemetry_progress').select('segment').executeTakeFirst())?.segment ?? 0;

export const readPositions = async (db: Database): Promise<Map<string, Position>> => {
  const rows = await db.selectFrom('telemetry_positions').selectAll().execute();
  return new Map(rows.map(({ host_id, epoch, seq }) => [host_id, { epoch, seq }]));
};

/** Files that may hold events of a span of time (microseconds, `to` not part of it), and of one of the hosts, the newest first. */
export const filesWithin = async (
  db: Database,
  span: {
    readonly from: number;
    readonly to: number;
    /** Of each list a file must have a host; a list that is absent asks for nothing. */
    readonly hosts: readonly (readonly string[] | undefined)[];
  },
): Promise<DatedFile[]> => {
  let query = db
    .selectFrom('telemetry_files')
    .select(['path', 'last_at as lastAt'])
    .where('retired_at', 'is', null)
    .where('last_at', '>=', span.from)
    .where('first_at', '<', span.to);
  for (const hosts of span.hosts)
    if (hosts !== undefined) query = query.where(sql<boolean>`hosts && ${[...hosts]}::uuid[]`);
  return query.orderBy('last_at', 'desc').execute();
};

/** Files that are small enough to be put together, oldest first. */
export const smallFiles = (
  db: Database,
  below: { readonly rows: number; readonly storedBefore: Date },
): Promise<StoredFile[]> =>
  db
    .selectFrom('telemetry_files')
    .select(['path', 'rows', 'bytes'])
    .where('retired_at', 'is', null)
    .where('rows', '<', below.rows)
    .where('stored_at', '<', below.storedBefore)
    .orderBy('stored_at')
    .orderBy('path')
    .limit(256)
    .execute();

export type StoreTotals = {
  readonly files: number;
  readonly rows: number;
  readonly bytes: number;
  readonly firstAt: number;
};

export const readTotals = async (db: Database): Promise<StoreTotals> => {
  const row = await db
    .selectFrom('telemetry_files')
    .select(({ fn }) => [
      fn.countAll<number>().as('files'),
      fn.sum<number>('rows').as('rows'),
      fn.sum<number>('bytes').as('bytes'),
      fn.min('first_at').as('first_at'),
    ])
    .where('retired_at', 'is', null)
    .executeTakeFirstOrThrow();
  return {
    files: Number(row.files),
    rows: Number(row.rows ?? 0),
    bytes: Number(row.bytes ?? 0),
    firstAt: Number(row.first_at ?? 0),
  };
};

/** Files that no search can still be reading: their rows go once the files are gone. */
export const retiredBefore = async (db: Database, at: Date): Promise<string[]> =>
  (await db.selectFrom('telemetry_files').select('path').where('retired_at', '<', at).limit(1000).execute()).map(
    ({ path }) => path,
  );

export const forgetFiles = async (db: Database, paths: readonly string[]): Promise<void> => {
  if (paths.length > 0) await db.deleteFrom('telemetry_files').where('path', 'in', paths).execute();
};
