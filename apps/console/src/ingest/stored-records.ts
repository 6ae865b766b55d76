import { isLiveRecord, type RecordKind } from '@parapet/contract/wire';
import { sql } from 'kysely';
import type { Database, DatabaseTransaction } from '../database/database.ts';
import type { PutRecord } from './frame-reader.ts';
import type { HostContext } from './host-context.ts';
import { ingestLimits, recordLimits } from './ingest-limits.ts';
import type { Segment } from './segments.ts';

/** What the console holds of a host's live records: the digest and how many there are of each kind. */
export type HoldingSummary = { readonly digest: bigint; readonly counts: ReadonlyMap<string, number> };

export type SegmentDifference = {
  /** Records that say something new; unchanged ones of a snapshot are not stored twice. */
  readonly changed: readonly PutRecord[];
  /** New records beyond a limit, by kind. */
  readonly overLimit: ReadonlyMap<RecordKind, number>;
  readonly holding: HoldingSummary;
  readonly written: readonly OfferedRecord[];
  readonly removed: readonly OfferedRecord[];
};

/** Reads the summary of a host anew. */
export const readHolding = async (db: Database | DatabaseTransaction, hostId: string): Promise<HoldingSummary> => {
  const { rows } = await sql<{ kind: string; count: number; digest: string }>`
    select kind, count(*) as count, lpad(to_hex(bit_xor(('x' || hash)::bit(64)::bigint)), 16, '0') as digest
    from inventory_records where host_id = ${hostId} group by kind`.execute(db);
  return {
    digest: rows.reduce((digest, row) => digest ^ BigInt(`0x${row.digest}`), 0n),
    counts: new Map(rows.map((row) => [row.kind, row.count])),
  };
};

/**
 * Lays a segment over the live records of the host and tells what changes. `writeDifference` must follow: a row is here exactly
 * while the thing it stands for is open in its own table; both are written in one transaction.
 */
export const layRecords = async (
  context: HostContext,
  segment: Segment,
  holding: HoldingSummary,
): Promise<SegmentDifference> => {
  const offered = offeredOf(segment);
  const stored = await readStored(context, offered);
  const counts = new Map(holding.counts);
  let digest = holding.digest;
  const changed: PutRecord[] = [];
  const overLimit = new Map<RecordKind, number>();
  const written: OfferedRecord[] = [];
  const removed: OfferedRecord[] = [];
  for (const item of offered) {
    const before = stored.get(idOf(item));
    if (!item.live) {
      if (item.put !== undefined) changed.push(item.put);
      if (before === undefined) continue;
      removed.push(item);
      digest ^= before.hash;
      counts.set(item.kind, (counts.get(item.kind) ?? 1) - 1);
      continue;
    }
    if (before === undefined) {
      const count = counts.get(item.kind) ?? 0;
      if (count >= limitOf(item)) {
        if (item.put !== undefined) {
          overLimit.set(item.put.record.kind, (overLimit.get(item.put.record.kind) ?? 0) + 1);
        }
        continue;
      }
      counts.set(item.kind, count + 1);
    }
    const same = before?.hash === item.hash;
    if (!same || before.epoch !== context.epoch) written.push(item);
    if (!same && item.put !== undefined) changed.push(item.put);
    digest ^= (before?.hash ?? 0n) ^ item.hash;
  }
  return { changed, overLimit, holding: { digest, counts }, written, removed };
};

/** Writes the hashes of what a segment told. */
export const writeDifference = async (context: HostContext, difference: SegmentDifference): Promise<void> => {
  await writeHashes(context, difference.written);
  await removeHashes(context, difference.removed);
};

/** Takes the records that the current epoch did not name, or all of some kinds, and forgets them. Returns keys by kind. */
export const takeUnnamed = async (
  context: HostContext,
  kinds?: readonly RecordKind[],
): Promise<ReadonlyMap<string, readonly string[]>> => {
  const only = kinds === undefined ? sql`epoch <> ${context.epoch}` : sql`kind = any(${kinds}::text[])`;
  const { rows } = await sql<{ kind: string; key: string }>`
    delete from inventory_records where host_id = ${context.hostId} and ${only} returning kind, key`.execute(
    context.trx,
  );
  const byKind = new Map<string, string[]>();
  for (const row of rows) {
    const keys = byKind.get(row.kind);
    if (keys === undefined) byKind.set(row.kind, [row.key]);
    else keys.push(row.key);
  }
  return byKind;
};

/** A record that came, as far as it counts here. */
export type OfferedRecord = {
  readonly kind: string;
  readonly key: string;
  readonly hash: bigint;
  readonly live: boolean;
  readonly put: PutRecord | undefined;
};

const offeredOf = (segment: Segment): readonly OfferedRecord[] => [
  ...segment.puts.map((put) => ({
    kind: put.record.kind,
    key: put.record.key,
    hash: put.hash,
    live: isLiveRecord(put.record),
    put,
  })),
  ...segment.refused.map((id) => ({ ...id, put: undefined })),
];

const idOf = (item: { readonly kind: string; readonly key: string }): string => `${item.kind}\0${item.key}`;

const limitOf = (item: OfferedRecord): number =>
  item.put === undefined ? ingestLimits.refusedRecords : recordLimits[item.put.record.kind];

type Stored = { readonly hash: bigint; readonly epoch: number };

const readStored = async (
  context: HostContext,
  offered: readonly OfferedRecord[],
): Promise<ReadonlyMap<string, Stored>> => {
  if (offered.length === 0) return new Map();
  const { rows } = await sql<{ kind: string; key: string; hash: string; epoch: number }>`
    select r.kind, r.key, r.hash, r.epoch
    from unnest(${offered.map((item) => item.kind)}::text[], ${offered.map((item) => item.key)}::text[]) as o (kind, key)
    join inventory_records r on r.host_id = ${context.hostId} and r.kind = o.kind and r.key = o.key`.execute(
    context.trx,
  );
  return new Map(rows.map((row) => [idOf(row), { hash: BigInt(`0x${row.hash}`), epoch: row.epoch }]));
};

const writeHashes = async (context: HostContext, items: readonly OfferedRecord[]): Promise<void> => {
  if (items.length === 0) return;
  await sql`
    insert into inventory_records (host_id, kind, key, epoch, hash)
    select ${context.hostId}, kind, key, ${context.epoch}, hash
    from unnest(${items.map((item) => item.kind)}::text[], ${items.map((item) => item.key)}::text[],
      ${items.map((item) => item.hash.toString(16).padStart(16, '0'))}::text[]) as o (kind, key, hash)
    on conflict (host_id, kind, key) do update set epoch = excluded.epoch, hash = excluded.hash`.execute(context.trx);
};

const removeHashes = async (context: HostContext, items: readonly OfferedRecord[]): Promise<void> => {
  if (items.length === 0) return;
  await sql`
    delete from inventory_records r
    using unnest(${items.map((item) => item.kind)}::text[], ${items.map((item) => item.key)}::text[]) as o (kind, key)
    where r.host_id = ${context.hostId} and r.kind = o.kind and r.key = o.key`.execute(context.trx);
};
