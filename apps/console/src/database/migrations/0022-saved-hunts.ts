import { type Kysely, sql } from 'kysely';

/** Hunts that people kept for each other. */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
create table saved_hunts (
  id uuid primary key,
  name text not null,
  q text not null,
  -- back from the moment it is opened
  minutes integer not null,
  columns text[] not null,
  -- a name, which stays when the person goes
  created_by text not null,
  created_at timestamptz not null,
  unique (created_by, name)
);
`.execute(db);
};
