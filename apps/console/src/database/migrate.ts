import { AppError } from '@parapet/core';
import { type Kysely, sql } from 'kysely';
import type { Database } from './database.ts';
import { migrations as allMigrations, type Migration } from './migrations/index.ts';

export type MigrationOutcome = {
  /** Names of the migrations that this call applied. */
  readonly applied: readonly string[];
};

/** Taken while migrating, so that of several consoles only one does; any constant of our own will do. */
const lockId = 7_227_001;

/**
 * Brings the schema up to this program: forward only, one transaction a migration, so a killed run goes on where it
 * was. Throws AppError `newer-schema` when a newer program wrote here.
 */
export const migrateDatabase = async (
  db: Database,
  options: {
    readonly version: string;
    readonly migrations?: readonly (readonly [name: string, migration: Migration])[];
    /** Called before the first migration of a database that holds data already: the place for a backup. */
    readonly beforeUpgrade?: (pending: readonly string[]) => Promise<void>;
  },
): Promise<MigrationOutcome> => {
  const known = options.migrations ?? allMigrations;
  return db.connection().execute(async (connection) => {
    // A large table takes its time, and so may the console that migrates before us.
    await sql`set statement_timeout = 0`.execute(connection);
    await sql`select pg_advisory_lock(${lockId})`.execute(connection);
    try {
      const done = await readApplied(connection);
      refuseNewer(done, new Set(known.map(([name]) => name)));
      const pending = known.filter(([name]) => !done.some((row) => row.name === name));
      if (done.length > 0 && pending.length > 0) await options.beforeUpgrade?.(pending.map(([name]) => name));
      for (const [name, migration] of pending) await applyOne(connection, name, migration, options.version);
      return { applied: pending.map(([name]) => name) };
    } finally {
      await sql`select pg_advisory_unlock(${lockId})`.execute(connection);
      await sql`reset statement_timeout`.execute(connection);
    }
  });
};

type AppliedRow = { readonly name: string; readonly program_version: string };

const readApplied = async (db: Database): Promise<readonly AppliedRow[]> => {
  await sql`
    create table if not exists schema_migrations (
      name text primary key,
      program_version text not null,
      applied_at timestamptz not null default now()
    )`.execute(db);
  const { rows } = await sql<AppliedRow>`select name, program_version from schema_migrations order by name`.execute(db);
  return rows;
};

const refuseNewer = (done: readonly AppliedRow[], known: ReadonlySet<string>): void => {
  const unknown = done.find((row) => !known.has(row.name));
  if (unknown === undefined) return;
  throw new AppError(
    'newer-schema',
    500,
    `The database was written by Parapet ${unknown.program_version}, which is newer than this program. Start that version or a later one.`,
  );
};

const applyOne = async (db: Database, name: string, migration: Migration, version: string): Promise<void> => {
  await db.transaction().execute(async (transaction) => {
    await migration.up(transaction as unknown as Kysely<unknown>);
    await sql`insert into schema_migrations (name, program_version) values (${name}, ${version})`.execute(transaction);
  });
};
