import { sql } from 'kysely';
import type { DatabaseTransaction } from '../../database/database.ts';
import type { HostContext } from '../host-context.ts';
import { type LifeChange, type StoredLife, settleLife, type ToldLife } from './lives.ts';

export type ToldLifeOf = ToldLife & { readonly assetId: string };

/** Stores lives of assets as `settleLife` says, at most one of each asset. */
export const storeLives = async (context: HostContext, told: readonly ToldLifeOf[]): Promise<void> => {
  if (told.length === 0) return;
  const stored = await readLives(context.trx, told);
  const changes = told.flatMap((life) =>
    settleLife(stored.get(life.assetId) ?? [], life).map((change) => ({ ...change, assetId: life.assetId })),
  );
  // What is over first: only one life of an asset may last.
  await concludeLives(
    context.trx,
    changes.filter((change) => change.kind === 'conclude'),
  );
  await correctLives(
    context.trx,
    changes.filter((change) => change.kind === 'correct'),
  );
  await beginLives(
    context.trx,
    changes.filter((change) => change.kind === 'begin'),
  );
};

type Change<K extends LifeChange['kind']> = Extract<LifeChange, { kind: K }> & { readonly assetId: string };

type LifeRow = {
  readonly id: number;
  readonly asset_id: string;
  readonly told_start: number | null;
  readonly start_inferred: boolean;
  readonly started_at: Date;
  readonly ended_at: Date | null;
  readonly end_inferred: boolean;
};

/**
 * The lives on record that matter to those told: the one that lasts, the one meant and the one after it, the last one, and
 * those around the told start. However often a container restarts, these are six.
 */
const readLives = async (
  trx: DatabaseTransaction,
  told: readonly ToldLifeOf[],
): Promise<ReadonlyMap<string, readonly StoredLife[]>> => {
  const { rows } = await sql<LifeRow>`
    select i.id, i.asset_id, i.told_start, i.start_inferred, i.started_at, i.ended_at, i.end_inferred
    from unnest(${told.map((life) => life.assetId)}::uuid[], ${told.map((life) => life.toldStart)}::bigint[],
      ${told.map((life) => new Date(life.startedAt))}::timestamptz[]) as x (id, told_start, started_at)
    cross join lateral (
      (select * from asset_intervals l where l.asset_id = x.id and l.ended_at is null)
      union (select * from asset_intervals l where l.asset_id = x.id and l.told_start = x.told_start)
      union (select l.* from asset_intervals m join asset_intervals l on l.asset_id = x.id
          and (l.started_at, l.id) > (m.started_at, m.id)
        where m.asset_id = x.id and m.told_start = x.told_start order by l.started_at, l.id limit 1)
      union (select * from asset_intervals l where l.asset_id = x.id order by l.started_at desc, l.id desc limit 1)
      union (select * from asset_intervals l where l.asset_id = x.id and l.started_at <= x.started_at
        order by l.started_at desc, l.id desc limit 1)
      union (select * from asset_intervals l where l.asset_id = x.id and l.started_at > x.started_at
        order by l.started_at, l.id limit 1)) i`.execute(trx);
  return Map.groupBy(rows.map(lifeOf), ({ assetId }) => assetId);
};

const lifeOf = (row: LifeRow): StoredLife & { readonly assetId: string } => ({
  assetId: row.asset_id,
  id: row.id,
  toldStart: row.told_start ?? undefined,
  startInferred: row.start_inferred,
  startedAt: row.started_at.getTime(),
  endedAt: row.ended_at?.getTime(),
  endInferred: row.end_inferred,
});

const dateOf = (ms: number | undefined): Date | null => (ms === undefined ? null : new Date(ms));

const concludeLives = async (trx: DatabaseTransaction, changes: readonly Change<'conclude'>[]): Promise<void> => {
  if (changes.length === 0) return;
  await sql`
    update asset_intervals i set ended_at = x.ended_at, end_inferred = true
    from unnest(${changes.map(({ id }) => id)}::bigint[],
      ${changes.map(({ endedAt }) => new Date(endedAt))}::timestamptz[]) as x (id, ended_at)
    where i.id = x.id`.execute(trx);
};

const correctLives = async (trx: DatabaseTransaction, changes: readonly Change<'correct'>[]): Promise<void> => {
  if (changes.length === 0) return;
  const lives = changes.map(({ life }) => life);
  await sql`
    update asset_intervals i set told_start = x.told_start, start_inferred = x.start_inferred, ended_at = x.ended_at,
      end_inferred = x.end_inferred
    from unnest(${lives.map((life) => life.id)}::bigint[], ${lives.map((life) => life.toldStart ?? null)}::bigint[],
      ${lives.map((life) => life.startInferred)}::boolean[], ${lives.map((life) => dateOf(life.endedAt))}::timestamptz[],
      ${lives.map((life) => life.endInferred)}::boolean[]) as x (id, told_start, start_inferred, ended_at, end_inferred)
    where i.id = x.id`.execute(trx);
};

const beginLives = async (trx: DatabaseTransaction, changes: readonly Change<'begin'>[]): Promise<void> => {
  if (changes.length === 0) return;
  const lives = changes.map(({ life }) => life);
  await sql`
    insert into asset_intervals (asset_id, told_start, start_inferred, started_at, ended_at, end_inferred)
    select * from unnest(${changes.map(({ assetId }) => assetId)}::uuid[],
      ${lives.map((life) => life.toldStart)}::bigint[], ${lives.map((life) => life.startInferred)}::boolean[],
      ${lives.map((life) => new Date(life.startedAt))}::timestamptz[],
      ${lives.map((life) => dateOf(life.endedAt))}::timestamptz[],
      ${lives.map((life) => life.endInferred)}::boolean[])`.execute(trx);
};
