import type pg from 'pg';

export type CatalogueTable = {
  readonly name: string;
  /** Columns that are stored, generated ones left out, in their order. */
  readonly columns: readonly string[];
  /** As the server last estimated it. */
  readonly sizeBytes: number;
};

export type CatalogueSequence = { readonly table: string; readonly column: string; readonly last: number };

/** Our tables, by name. Those of the job queue are its own, and made anew. */
export const readTables = async (client: pg.ClientBase): Promise<readonly CatalogueTable[]> => {
  const { rows } = await client.query<{ name: string; columns: string[]; size: string }>(`
    select c.relname as name, array_agg(a.attname::text order by a.attnum) as columns, pg_total_relation_size(c.oid)::text as size
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
      and not exists (select from pg_depend d where d.objid = c.oid and d.deptype = 'e')
    group by c.oid, c.relname order by c.relname`);
  return rows.map(({ name, columns, size }) => ({ name, columns, sizeBytes: Number(size) }));
};

/** Identity columns and how far they have counted. Counting is outside of transactions, so it is never behind the rows. */
export const readSequences = async (client: pg.ClientBase): Promise<readonly CatalogueSequence[]> => {
  const { rows } = await client.query<{ table: string; column: string; last: string | null }>(`
    select c.relname as table, a.attname as column, pg_sequence_last_value(pg_get_serial_sequence(quote_ident(c.relname), a.attname)::regclass)::text as last
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attidentity <> '' and not a.attisdropped
    where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by 1, 2`);
  return rows.flatMap(({ table, column, last }) => (last === null ? [] : [{ table, column, last: Number(last) }]));
};

/** The migrations that made the schema, in order; empty where none ever did. */
export const readSchema = async (client: pg.ClientBase): Promise<readonly string[]> => {
  const found = await client.query("select to_regclass('public.schema_migrations') as there");
  if (found.rows[0]?.there === null) return [];
  const { rows } = await client.query<{ name: string }>('select name from public.schema_migrations order by name');
  return rows.map(({ name }) => name);
};

export const quoteIdentifier = (name: string): string => `"${name.replaceAll('"', '""')}"`;

export const copyTarget = (table: { readonly name: string; readonly columns: readonly string[] }): string =>
  `public.${quoteIdentifier(table.name)} (${table.columns.map(quoteIdentifier).join(', ')})`;
