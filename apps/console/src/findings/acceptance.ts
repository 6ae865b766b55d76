import { randomUUID } from 'node:crypto';
import type { FindingFilter, Scope } from '@parapet/contract/api';
import { badRequest } from '@parapet/core';
import { type RawBuilder, type SqlBool, sql } from 'kysely';
import type { Database, DatabaseTransaction } from '../database/database.ts';
import { inScope } from '../people/scope.ts';
import { allOf, compileFilter } from './filter.ts';
import { recordHistory } from './history.ts';
import { refreshWithInstances } from './refresh-assets.ts';
import { writeFindings } from './write-lock.ts';

export type Selection = { readonly ids?: readonly string[] | undefined; readonly filter?: FindingFilter | undefined };

/** More at once is a mistake of the filter rather than a decision about risk. */
const selectionLimit = 20_000;

/** Accepts the risk of the selected open findings until a time. The returned `undo` takes just these back. */
export const acceptFindings = async (
  db: Database,
  input: {
    readonly selection: Selection;
    readonly reason: string;
    readonly until: Date;
    readonly by: string;
    readonly at: Date;
  },
  scope: Scope,
): Promise<{ changed: number; undo: string }> => {
  if (input.until <= input.at) throw badRequest('past', 'An acceptance must end in the future.');
  const chosen = await selected(db, input.selection, scope);
  const undo = randomUUID();
  const changed = await writeFindings(db, async (tx) => {
    const { reason, until, by, at } = input;
    await tx.insertInto('acceptances').values({ id: undo, reason, by_name: by, at, until }).execute();
    const rows = await changeStatus(
      tx,
      sql`status = 'accepted', acceptance_id = ${undo}, accepted_until = ${until}`,
      sql<SqlBool>`f.status = 'open' and ${chosen}`,
    );
    const text = `Risk accepted until ${until.toISOString().slice(0, 10)}: ${reason}`;
    await recordHistory(
      tx,
      rows.map((row) => ({ findingId: row.id, at, text, by })),
    );
    return rows.length;
  });
  return { changed, undo };
};

/** Takes acceptances back: of the selected findings, or all that one acceptance changed. */
export const reopenFindings = async (
  db: Database,
  input: { readonly selection: Selection; readonly undo?: string | undefined; readonly by: string; readonly at: Date },
  scope: Scope,
): Promise<{ changed: number }> => {
  const chosen =
    input.undo === undefined
      ? await selected(db, input.selection, scope)
      : sql<SqlBool>`f.acceptance_id::text = ${input.undo} and ${inScope(scope, sql.ref('f.asset_id'))}`;
  const changed = await writeFindings(db, (tx) =>
    reopen(tx, chosen, input.at, input.undo === undefined ? 'Acceptance taken back' : 'Acceptance undone', input.by),
  );
  return { changed };
};

/** Opens what was accepted until a time that is over. Returns how many. */
export const expireAcceptances = (db: Database, at: Date): Promise<number> =>
  writeFindings(db, (tx) =>
    reopen(tx, sql<SqlBool>`f.accepted_until <= ${at}`, at, 'The acceptance is over', undefined),
  );

const reopen = async (
  tx: DatabaseTransaction,
  chosen: RawBuilder<SqlBool>,
  at: Date,
  text: string,
  by: string | undefined,
): Promise<number> => {
  const rows = await changeStatus(
    tx,
    sql`status = 'open', acceptance_id = null, accepted_until = null`,
    sql<SqlBool>`f.status = 'accepted' and ${chosen}`,
  );
  // What a VEX document rules out meanwhile would be accepted again after it.
  await sql`update findings as f set acceptance_id = null, accepted_until = null
    where f.status = 'ruled-out' and f.acceptance_id is not null and ${chosen}`.execute(tx);
  await recordHistory(
    tx,
    rows.map((row) => ({ findingId: row.id, at, text, by })),
  );
  return rows.length;
};

const selected = async (db: Database, selection: Selection, scope: Scope): Promise<RawBuilder<SqlBool>> => {
  if (selection.ids !== undefined) {
    return sql<SqlBool>`f.id = any(${selection.ids}::uuid[]) and ${inScope(scope, sql.ref('f.asset_id'))}`;
  }
  if (selection.filter === undefined) {
    throw badRequest('nothing-selected', 'Name the findings by their ids or by a filter.');
  }
  const filter = await compileFilter(db, selection.filter, scope);
  return filter.empty ? sql<SqlBool>`false` : allOf(filter.all);
};

/** Changes the chosen findings and what their assets show. Refuses more than the limit. */
const changeStatus = async (
  tx: DatabaseTransaction,
  values: RawBuilder<unknown>,
  chosen: RawBuilder<SqlBool>,
): Promise<readonly { readonly id: string; readonly asset_id: string }[]> => {
  const { rows } = await sql<{ id: string; asset_id: string }>`
    update findings set ${values} where id in (select f.id from findings as f where ${chosen} limit ${selectionLimit + 1})
    returning id, asset_id`.execute(tx);
  if (rows.length > selectionLimit) {
    throw badRequest('too-many', `At most ${selectionLimit} findings can be changed at once. Narrow the filter.`);
  }
  await refreshWithInstances(tx, [...new Set(rows.map((row) => row.asset_id))]);
  return rows;
};
