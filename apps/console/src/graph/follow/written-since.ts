import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../database/database.ts';

/** How far a table was read: a number of a transaction (64 bits, so it never begins anew). */
export type ReadPosition = bigint;

/** What a statement has to look at to take up what was committed since a position. */
export type WrittenSince = {
  /** Where the next reading begins. */
  readonly next: ReadPosition;
  /** Whether the row of the table alias was written since; all were when nothing was read before. */
  readonly isNew: (alias: string) => RawBuilder<boolean>;
};

/** Comparing ages costs twice as much a row as looking a number up in a list; longer lists cost more to send. */
const mostListed = 5_000;
/** Transactions that may begin between this question and the statement: not needed, but their rows come a round earlier. */
const listedAhead = 64n;

/**
 * A row tells by `xmin` which transaction wrote it last. What an earlier statement did not see was written by transactions from
 * its snapshot's `xmin` on, and those that begin after this question are left to the next round. So no path of writing can be
 * forgotten, and who writes pays nothing. Rows that are gone leave no trace: a count has to tell.
 */
export const writtenSince = async (db: Database, since: ReadPosition | undefined): Promise<WrittenSince> => {
  const { rows } = await sql<{ oldest: string; newest: string }>`
    select pg_snapshot_xmin(s)::text as oldest, pg_snapshot_xmax(s)::text as newest from pg_current_snapshot() s`.execute(
    db,
  );
  const [snapshot] = rows;
  if (snapshot === undefined) throw new Error('A statement without a row.');
  const next = BigInt(snapshot.oldest);
  return { next, isNew: condition(since, BigInt(snapshot.newest) + listedAhead) };
};

const condition = (since: ReadPosition | undefined, end: ReadPosition): WrittenSince['isNew'] => {
  if (since === undefined) return () => sql<boolean>`true`;
  const count = Number(end - since);
  if (count > mostListed)
    return (alias) => sql<boolean>`age(${sql.ref(`${alias}.xmin`)}) <= (select age(${inRow(since)}::xid))`;
  const listed = `{${Array.from({ length: count }, (_, at) => inRow(since + BigInt(at))).join(',')}}`;
  return (alias) => sql<boolean>`${sql.ref(`${alias}.xmin`)} = any(${listed}::xid[])`;
};

/** The number as a row holds it: the lower 32 bits. */
const inRow = (transaction: ReadPosition): string => String(transaction & 0xffff_ffffn);
