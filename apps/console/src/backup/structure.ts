import type pg from 'pg';
import { quoteIdentifier } from './catalogue.ts';

/** Constraints and indexes that were taken off, as statements that put them back in order. */
export type Structure = { readonly statements: readonly string[]; readonly tablesWithTriggers: readonly string[] };

/**
 * Takes off what makes loading slow: foreign keys, indexes, and triggers whose results are loaded as well. Building an index
 * over rows that are there is several times faster than growing it, and the rows come in no order that foreign keys allow.
 */
export const takeStructureApart = async (client: pg.ClientBase): Promise<Structure> => {
  const constraints = await client.query<{ table: string; name: string; kind: string; definition: string }>(`
    select c.relname as table, o.conname as name, o.contype as kind, pg_get_constraintdef(o.oid) as definition
    from pg_constraint o join pg_class c on c.oid = o.conrelid
    where c.relnamespace = 'public'::regnamespace and o.contype in ('f', 'u', 'p') and o.conparentid = 0 and not c.relispartition
    order by case o.contype when 'f' then 0 when 'u' then 1 else 2 end, c.relname, o.conname`);
  const indexes = await client.query<{ name: string; definition: string }>(`
    select i.relname as name, pg_get_indexdef(i.oid) as definition
    from pg_index x join pg_class i on i.oid = x.indexrelid join pg_class c on c.oid = x.indrelid
    where c.relnamespace = 'public'::regnamespace and not i.relispartition
      and not exists (select from pg_constraint o where o.conindid = i.oid)
    order by i.relname`);
  const triggers = await client.query<{ table: string }>(`
    select distinct c.relname as table from pg_trigger t join pg_class c on c.oid = t.tgrelid
    where c.relnamespace = 'public'::regnamespace and not t.tgisinternal order by 1`);
  for (const { table, name } of constraints.rows) {
    await client.query(`alter table public.${quoteIdentifier(table)} drop constraint ${quoteIdentifier(name)}`);
  }
  for (const { name } of indexes.rows) await client.query(`drop index public.${quoteIdentifier(name)}`);
  for (const { table } of triggers.rows) {
    await client.query(`alter table public.${quoteIdentifier(table)} disable trigger user`);
  }
  return {
    statements: [
      ...constraints.rows
        .toReversed()
        .filter(({ kind }) => kind !== 'f')
        .map(addConstraint),
      ...indexes.rows.map(({ definition }) => definition),
      ...constraints.rows.filter(({ kind }) => kind === 'f').map(addConstraint),
    ],
    tablesWithTriggers: triggers.rows.map(({ table }) => table),
  };
};

/** Foreign keys are checked as they are put back, so rows that do not fit together fail the restore. */
export const rebuildStructure = async (client: pg.ClientBase, structure: Structure): Promise<void> => {
  for (const statement of structure.statements) await client.query(statement);
  for (const table of structure.tablesWithTriggers) {
    await client.query(`alter table public.${quoteIdentifier(table)} enable trigger user`);
  }
};

const addConstraint = (row: { readonly table: string; readonly name: string; readonly definition: string }): string =>
  `alter table public.${quoteIdentifier(row.table)} add constraint ${quoteIdentifier(row.name)} ${row.definition}`;
