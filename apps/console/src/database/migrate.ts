import { AppError } from '@parapet/core';
import { type Kysely, sql } from 'kysely';
import type { Database } from './database.ts';
import { migrations as allMigrations, type Migration } from './migrations/index.ts';

export type MigrationStep = { readonly name: string; readonly index: number; readonly count: number };

export type MigrationOutcome = {
  /** Names of the migrations that this call applied. */
  readonly applied: readonly string[];
};

/** Taken while migrating, so that of several consoles only one does; any constant of our own will do. */
export const migrationLockId = 7_227_001;

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
    /** Told before each migration of a database that holds data already. */
    readonly onStep?: (step: MigrationStep) => void;
    /** Told when another console migrates, for whose end this one waits. */
    readonly onWait?: () => void;
  },
): Promise<MigrationOutcome> => {
  const known = options.migrations ?? allMigrations;
  return db.connection().execute(async (connection) => {
    // A large table takes its time, and so may the console that migrates before us.
    await sql`set statement_timeout = 0`.execute(connection);
    // A killed console's statement ends soon, and with it its lock, instead of when it is done.
    await sql`set client_connection_check_interval = 2000`.execute(connection);
    await takeMigrationLock(connection, options.onWait);
    try {
      const done = await readApplied(connection);
      refuseNewer(done, new Set(known.map(([name]) => name)));
      const pending = known.filter(([name]) => !done.some((row) => row.name === name));
      if (done.length > 0 && pending.length > 0) await options.beforeUpgrade?.(pending.map(([name]) => name));
      for (const [index, [name, migration]] of pending.entries()) {
        if (done.length > 0) options.onStep?.({ name, index, count: pending.length });
        await connection
          .transaction()
          .execute((transaction) => applyMigrations(transaction, [[name, migration]], options.version));
      }
      return { applied: pending.map(([name]) => name) };
    } finally {
      await sql`select pg_advisory_unlock(${migrationLockId})`.execute(connection);
      await sql`reset statement_timeout`.execute(connection);
      await sql`reset client_connection_check_interval`.execute(connection);
    }
  });
};

/** Applies migrations in the caller's transaction and remembers them. */
export const applyMigrations = async (
  db: Database,
  migrations: readonly (readonly [name: string, migration: Migration])[],
  version: string,
): Promise<void> => {
  await createMigrationTable(db);
  for (const [name, migration] of migrations) {
    await migration.up(db as unknown as Kysely<unknown>);
    await sql`insert into schema_migrations (name, program_version) values (${name}, ${version})`.execute(db);
  }
};

const takeMigrationLock = async (db: Database, onWait: (() => void) | undefined): Promise<void> => {
  const { rows } = await sql<{ taken: boolean }>`select pg_try_advisory_lock(${migrationLockId}) as taken`.execute(db);
  if (rows[0]?.taken === true) return;
  onWait?.();
  await sql`select pg_advisory_lock(${migrationLockId})`.execute(db);
};

type AppliedRow = { readonly name: string; readonly program_version: string };

const createMigrationTable = async (db: Database): Promise<void> => {
  await sql`
    create table if not exists schema_migrations (
      name text primary key,
      program_version text not null,
      applied_at timestamptz not null default now()
    )`.execute(db);
};

const readApplied = async (db: Database): Promise<readonly AppliedRow[]> => {
  await createMigrationTable(db);
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
