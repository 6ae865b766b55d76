import { randomUUID } from 'node:crypto';
import type { ParsedOf, SavedHunt } from '@parapet/contract/api';
import { badRequest, type Clock, notFound } from '@parapet/core';
import type { Database } from '../database/database.ts';
import type { Caller } from '../http/handler.ts';
import { readHunt } from './hunts.ts';

const maxSaved = 500;

/** Hunts that people kept. Everybody who may hunt sees them; who made one, or an admin, takes it away. */
export const createSavedHunts = ({ db, clock }: { readonly db: Database; readonly clock: Clock }) => ({
  list: async (): Promise<SavedHunt[]> => {
    const rows = await db.selectFrom('saved_hunts').selectAll().orderBy('name').limit(maxSaved).execute();
    return rows.map(present);
  },
  create: async (hunt: ParsedOf<'savedHunts.create'>['body'], caller: Caller): Promise<SavedHunt> => {
    readHunt(hunt.q);
    const { count } = await db
      .selectFrom('saved_hunts')
      .select(({ fn }) => fn.countAll<number>().as('count'))
      .executeTakeFirstOrThrow();
    if (Number(count) >= maxSaved)
      throw badRequest('too-many', `There are ${maxSaved} saved hunts. Delete one that nobody needs first.`);
    const what = { q: hunt.q, minutes: hunt.minutes, columns: [...hunt.columns], created_at: new Date(clock.now()) };
    const row = await db
      .insertInto('saved_hunts')
      .values({ ...what, id: randomUUID(), name: hunt.name, created_by: caller.name })
      .onConflict((conflict) => conflict.columns(['created_by', 'name']).doUpdateSet(what))
      .returningAll()
      .executeTakeFirstOrThrow();
    return present(row);
  },
  remove: async (id: string, caller: Caller): Promise<void> => {
    let query = db.deleteFrom('saved_hunts').where('id', '=', id);
    if (caller.role !== 'admin') query = query.where('created_by', '=', caller.name);
    const { numDeletedRows } = await query.executeTakeFirst();
    if (numDeletedRows === 0n) throw notFound('A saved hunt of yours by this id');
  },
});

type Row = {
  readonly id: string;
  readonly name: string;
  readonly q: string;
  readonly minutes: number;
  readonly columns: readonly string[];
  readonly created_by: string;
  readonly created_at: Date;
};

const present = ({ id, name, q, minutes, columns, created_by, created_at }: Row): SavedHunt => ({
  ...{ id, name, q, minutes, columns: [...columns] },
  createdBy: created_by,
  createdAt: created_at.toISOString(),
});
