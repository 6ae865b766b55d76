import { randomUUID } from 'node:crypto';
import type { Role, Scope, User } from '@parapet/contract/api';
import { AppError, badRequest, type Clock, conflict, notFound } from '@parapet/core';
import { type Selectable, sql } from 'kysely';
import type { Database, DatabaseTransaction } from '../database/database.ts';
import type { UsersTable } from '../database/tables/people.ts';

export type UserRow = Selectable<UsersTable>;

export type UserChange = {
  readonly role?: Role | undefined;
  readonly scope?: Scope | undefined;
  readonly state?: 'active' | 'disabled' | undefined;
};

export const presentUser = (row: UserRow, now: number): User => ({
  id: row.id,
  username: row.username,
  role: row.role,
  scope: row.scope,
  state: row.state === 'active' && isLocked(row, now) ? 'locked' : row.state,
  createdAt: row.created_at.toISOString(),
  ...(row.last_seen_at === null ? {} : { lastSeenAt: row.last_seen_at.toISOString() }),
});

const isLocked = (row: Pick<UserRow, 'locked_until'>, now: number): boolean =>
  row.locked_until !== null && row.locked_until.getTime() > now;

export const listUsers = (db: Database): Promise<UserRow[]> =>
  db.selectFrom('users').selectAll().orderBy(sql`lower(username)`).limit(10_000).execute();

export const findUser = async (db: Database, id: string): Promise<UserRow> => {
  const row = await db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst();
  if (row === undefined) throw notFound('This person');
  return row;
};

/** Adds a person without a password. Throws AppError `name-taken`. */
export const insertUser = async (
  db: Database,
  clock: Clock,
  user: { readonly username: string; readonly role: Role; readonly scope: Scope; readonly state: 'invited' | 'active' },
): Promise<UserRow> => {
  refuseScopedAdmin(user.role, user.scope);
  const row = await db
    .insertInto('users')
    .values({
      id: randomUUID(),
      username: user.username,
      role: user.role,
      scope: user.scope === null ? null : JSON.stringify(user.scope),
      state: user.state,
      created_at: new Date(clock.now()),
    })
    .onConflict((oc) => oc.expression(sql`lower(username)`).doNothing())
    .returningAll()
    .executeTakeFirst();
  if (row === undefined) throw conflict('name-taken', 'Somebody has this name already. Choose another.');
  return row;
};

/** Changes role, scope or state. Throws when no active admin would be left. */
export const changeUser = async (
  transaction: DatabaseTransaction,
  id: string,
  change: UserChange,
): Promise<UserRow> => {
  await lockAdmins(transaction);
  const before = await findUser(transaction, id);
  if (change.state === 'active' && before.password_hash === null)
    throw conflict('not-accepted', 'This person has not accepted the invitation yet. Make a new link instead.');
  const role = change.role ?? before.role;
  const scope = change.scope === undefined ? before.scope : change.scope;
  refuseScopedAdmin(role, scope);
  const row = await transaction
    .updateTable('users')
    .set({
      role,
      scope: scope === null ? null : JSON.stringify(scope),
      ...(change.state === undefined ? {} : { state: change.state }),
    })
    .where('id', '=', id)
    .returningAll()
    .executeTakeFirstOrThrow();
  await requireAnAdmin(transaction);
  return row;
};

export const deleteUser = async (transaction: DatabaseTransaction, id: string): Promise<UserRow> => {
  await lockAdmins(transaction);
  const row = await findUser(transaction, id);
  await transaction.deleteFrom('users').where('id', '=', id).execute();
  await requireAnAdmin(transaction);
  return row;
};

/** Whether somebody can administer this console. */
export const hasActiveAdmin = async (db: Database): Promise<boolean> => {
  const row = await db
    .selectFrom('users')
    .select('id')
    .where('role', '=', 'admin')
    .where('state', '=', 'active')
    .limit(1)
    .executeTakeFirst();
  return row !== undefined;
};

/** Of two changes that would each leave the other as the last admin, the second must see the first. */
const lockAdmins = async (transaction: DatabaseTransaction): Promise<void> => {
  await transaction.selectFrom('users').select('id').where('role', '=', 'admin').orderBy('id').forUpdate().execute();
};

const requireAnAdmin = async (transaction: DatabaseTransaction): Promise<void> => {
  if (await hasActiveAdmin(transaction)) return;
  throw new AppError('last-admin', 409, 'This is the last active admin. Make somebody else an admin first.');
};

/** Who may change people could lift an own limit, so for an admin it would only look like one. */
const refuseScopedAdmin = (role: Role, scope: Scope): void => {
  if (role === 'admin' && scope !== null)
    throw badRequest('scoped-admin', 'An admin sees everything. Give a scope to operators and viewers only.');
};
