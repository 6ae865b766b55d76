import { once } from 'node:events';
import { finished } from 'node:stream/promises';
import { AppError } from '@parapet/core';
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { clientConfig, type DatabaseAddress } from '../database/connect.ts';
import type { Tables } from '../database/database.ts';
import { applyMigrations, migrationLockId } from '../database/migrate.ts';
import { migrations as allMigrations, type Migration } from '../database/migrations/index.ts';
import { brokenBackup, type RandomAccess, readEntry } from './archive-reader.ts';
import { copyTarget, quoteIdentifier, readTables } from './catalogue.ts';
import { type BackupManifest, type BackupTable, backupLimits, memberNames } from './format.ts';
import { openPart } from './part-cutter.ts';
import { rebuildStructure, takeStructureApart } from './structure.ts';
import { newerBackup, type VerifiedBackup } from './verify-backup.ts';

export type RestoreDatabaseRequest = {
  readonly address: DatabaseAddress;
  readonly file: RandomAccess;
  readonly backup: VerifiedBackup;
  readonly program: string;
  readonly migrations?: readonly (readonly [name: string, migration: Migration])[];
  /** What a restored console has to know and to forget; in the same transaction. */
  readonly adjust: (db: Kysely<Tables>) => Promise<void>;
  readonly onStep?: ((step: string) => void) | undefined;
};

/**
 * Fills an empty database from a verified backup: the schema as it was, the rows, then the migrations up to this program. All
 * of it is one transaction, so a restore that is killed leaves the database as empty as it was.
 */
export const restoreDatabase = async (
  request: RestoreDatabaseRequest,
): Promise<{ readonly migrated: readonly string[] }> => {
  const { backup, onStep } = request;
  const known = request.migrations ?? allMigrations;
  requireKnownSchema(backup.manifest, known);
  const client = new pg.Client({ ...clientConfig(request.address), application_name: 'parapet-restore' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await client.query('set statement_timeout = 0; set idle_in_transaction_session_timeout = 0');
    await client.query('begin');
    await client.query(`select pg_advisory_xact_lock(${migrationLockId})`);
    await requireEmpty(client);
    await client.query("set local maintenance_work_mem = '128MB'");
    const db = onClient(client);
    const had = new Set(backup.manifest.schema);
    const then = known.filter(([name]) => had.has(name));
    await applyMigrations(db, then, request.program);
    const tables = await checkTables(client, backup.manifest);
    await client.query(`truncate ${tables.map(({ name }) => `public.${quoteIdentifier(name)}`).join(', ')}`);
    const structure = await takeStructureApart(client);
    for (const table of tables) {
      if (table.rows >= 10_000) onStep?.(`${table.name}: ${table.rows.toLocaleString('en')} rows`);
      await loadTable(client, request, table);
    }
    onStep?.('Building indexes');
    await rebuildStructure(client, structure);
    await setSequences(client, backup.manifest);
    const pending = known.filter(([name]) => !had.has(name));
    for (const migration of pending) {
      onStep?.(`Bringing the data up to date: ${migration[0]}`);
      await applyMigrations(db, [migration], request.program);
    }
    await request.adjust(db);
    await client.query('commit');
    onStep?.('Counting for the query planner');
    await client.query('analyze');
    return { migrated: pending.map(([name]) => name) };
  } finally {
    await client.end().catch(() => undefined);
  }
};

/** Whether anything lies in the database that a restore would have to step over. */
export const isEmptyDatabase = async (client: pg.ClientBase): Promise<boolean> => {
  const { rows } = await client.query<{ used: boolean }>(`
    select exists (
      select from pg_class c where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'S')
        and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
    ) or exists (select from pg_namespace where nspname = 'pgboss') as used`);
  return rows[0]?.used === false;
};

const requireEmpty = async (client: pg.ClientBase): Promise<void> => {
  if (await isEmptyDatabase(client)) return;
  throw new AppError(
    'not-empty',
    409,
    'The database has data already, and a restore never overwrites any. Give an empty database, or a data folder that is not there yet.',
  );
};

const requireKnownSchema = (manifest: BackupManifest, known: readonly (readonly [string, Migration])[]): void => {
  const names = new Set(known.map(([name]) => name));
  if (manifest.schema.some((name) => !names.has(name))) throw newerBackup(manifest.program);
};

/** The migrations run on the client's open transaction. */
const onClient = (client: pg.Client): Kysely<Tables> => {
  const connection = {
    query: client.query.bind(client),
    release: () => undefined,
  };
  const pool = { connect: async () => connection, end: async () => undefined };
  return new Kysely<Tables>({ dialect: new PostgresDialect({ pool: pool as unknown as pg.Pool }) });
};

/** Names come from the file, so only those are used that the schema has. */
const checkTables = async (client: pg.Client, manifest: BackupManifest): Promise<readonly BackupTable[]> => {
  const there = new Map((await readTables(client)).map((table) => [table.name, table]));
  for (const { name, columns } of manifest.tables) {
    const table = there.get(name);
    if (table === undefined || table.columns.join() !== columns.join())
      throw brokenBackup(`the table ${name} in it is none of its schema`);
  }
  if (there.size !== manifest.tables.length) throw brokenBackup('a table of its schema is not in it');
  return manifest.tables;
};

const loadTable = async (client: pg.Client, request: RestoreDatabaseRequest, table: BackupTable): Promise<void> => {
  const { file, backup } = request;
  const stream = client.query(copyFrom(`copy ${copyTarget(table)} from stdin (format binary)`));
  const done = finished(stream);
  // What breaks it is thrown where it is awaited, at the end.
  done.catch(() => undefined);
  for (let part = 1; part <= table.parts && !stream.destroyed; part += 1) {
    const name = memberNames.tablePart(table.name, part);
    const entry = backup.entries.get(name);
    if (entry === undefined) throw brokenBackup(`${name} is missing`);
    const content = await openPart(await readEntry(file, entry, backupLimits.memberBytes), name);
    if (!stream.write(content)) await Promise.race([once(stream, 'drain'), done]);
  }
  stream.end();
  await done;
  if (stream.rowCount !== table.rows)
    throw brokenBackup(`the table ${table.name} has ${stream.rowCount} rows instead of ${table.rows}`);
};

const setSequences = async (client: pg.Client, { sequences }: BackupManifest): Promise<void> => {
  for (const { table, column, last } of sequences) {
    await client.query('select setval(pg_get_serial_sequence($1, $2), $3)', [
      `public.${quoteIdentifier(table)}`,
      column,
      last,
    ]);
  }
};
