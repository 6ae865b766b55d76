import { type Kysely, sql } from 'kysely';

/**
 * What is known of packages of languages: how they were found, which package of the distribution owns them, what they are
 * needed for. Findings name the ecosystem that spoke and what narrows it.
 */
export const up = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
alter table asset_packages
  add column evidence text check (evidence in ('installed', 'locked', 'declared', 'binary')),
  add column owner text,
  add column scope text check (scope in ('dev', 'optional', 'test', 'build'));
alter table findings
  add column ecosystem text,
  add column notes text[] not null default '{}';
`.execute(db);
};
