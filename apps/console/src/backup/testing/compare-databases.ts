import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';

/** Rows of all tables as one hash each, and the definitions of what holds them together. */
export const describeDatabase = async (db: Database): Promise<Readonly<Record<string, unknown>>> => {
  const tables = await sql<{ name: string }>`
    select relname as name from pg_class where relnamespace = 'public'::regnamespace and relkind = 'r' order by 1`.execute(
    db,
  );
  const contents: Record<string, string> = {};
  for (const { name } of tables.rows) {
    const { rows } = await sql<{ content: string }>`
      select count(*) || ':' || coalesce(md5(string_agg(row_to_json(t)::text, chr(10) order by row_to_json(t)::text)), '') as content
      from ${sql.table(name)} as t`.execute(db);
    contents[name] = rows[0]?.content ?? '';
  }
  const structure = await sql<{ definition: string }>`
    select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) as definition from pg_constraint
    where connamespace = 'public'::regnamespace and contype in ('p', 'u', 'f', 'c')
    union all select indexdef from pg_indexes where schemaname = 'public'
    union all select tgname || ' ' || tgenabled::text from pg_trigger where not tgisinternal order by 1`.execute(db);
  return { contents, structure: structure.rows.map(({ definition }) => definition) };
};
