import type pg from 'pg';
import { to as copyTo } from 'pg-copy-streams';
import { makeSegment, millisecondsOf, type Numberings, type Segment } from './segment.ts';

export type LoadedFindings = {
  /** The last change that is among them. */
  readonly position: number;
  readonly segments: ReadonlyMap<string, Segment>;
  readonly findings: number;
};

/**
 * Reads all findings at once, in the order in which they lie on disk: asset by asset, each row would be a page of its own once
 * updates have scattered them, which takes five times as long. Undefined when there are more than the limit.
 */
export const loadFindings = async (
  pool: pg.Pool,
  numberings: Numberings,
  limit: number,
  signal: AbortSignal,
): Promise<LoadedFindings | undefined> => {
  const client = await pool.connect();
  try {
    // One snapshot, so that the roll-up's counts are exactly the rows that come.
    await client.query('begin isolation level repeatable read read only');
    const loaded = await loadInTransaction(client, numberings, limit, signal);
    await client.query('rollback');
    client.release();
    return loaded;
  } catch (error) {
    // A connection in the middle of a copy cannot be used again.
    client.release(true);
    throw error;
  }
};

const loadInTransaction = async (
  client: pg.PoolClient,
  numberings: Numberings,
  limit: number,
  signal: AbortSignal,
): Promise<LoadedFindings | undefined> => {
  await client.query(`set local statement_timeout = ${loadTimeoutMs}`);
  const counts = await client.query<{ asset_id: string; findings: number }>(
    'select asset_id, sum(findings)::int as findings from finding_asset_counts group by asset_id having sum(findings) > 0',
  );
  const findings = counts.rows.reduce((sum, row) => sum + row.findings, 0);
  if (findings > limit) return undefined;
  const changes = await client.query<{ position: number }>(
    'select coalesce(max(change), 0)::int8 as position from finding_changes',
  );
  const segments = new Map(counts.rows.map((row) => [row.asset_id, makeSegment(row.asset_id, row.findings)]));
  await fill(client, segments, numberings, signal);
  return { position: changes.rows[0]?.position ?? 0, segments, findings };
};

const loadTimeoutMs = 600_000;

/** Fixed widths throughout: no column is null. */
const copyText = `copy (
  select asset_id, id, first_seen_at, coalesce(closed_at, 'epoch'), vulnerability_id::int4, product_id::int4, fix_id::int4, risk::float4,
    coalesce(cvss, -1)::float4, cell::int4
  from findings) to stdout (format binary)`;
/** Signature, flags and the length of an extension that nobody has. */
const headerBytes = 19;
/** The number of fields, then each with its length before it. */
const rowBytes = 2 + 10 * 4 + 2 * 16 + 2 * 8 + 6 * 4;

type Filling = { readonly segment: Segment; filled: number };

const fill = async (
  client: pg.PoolClient,
  segments: ReadonlyMap<string, Segment>,
  numberings: Numberings,
  signal: AbortSignal,
): Promise<void> => {
  const filling = new Map<string, Filling>();
  for (const [assetId, segment] of segments)
    filling.set(Buffer.from(assetId.replaceAll('-', ''), 'hex').toString('latin1'), { segment, filled: 0 });
  let skip = headerBytes;
  let rest: Buffer = Buffer.alloc(0);
  for await (const chunk of client.query(copyTo(copyText)) as AsyncIterable<Buffer>) {
    signal.throwIfAborted();
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = Math.min(skip, bytes.length);
    skip -= at;
    for (; at + rowBytes <= bytes.length; at += rowBytes) putRow(filling, bytes, at, numberings);
    rest = bytes.subarray(at);
  }
  for (const { segment, filled } of filling.values()) if (filled !== segment.length) throw uneven(segment);
};

const putRow = (filling: ReadonlyMap<string, Filling>, bytes: Buffer, at: number, numberings: Numberings): void => {
  const one = filling.get(bytes.toString('latin1', at + 6, at + 22));
  if (one === undefined || one.filled === one.segment.length) throw uneven(one?.segment);
  const { segment } = one;
  const row = one.filled++;
  segment.ids.set(bytes.subarray(at + 26, at + 42), row * 16);
  segment.firstSeen[row] = millisecondsOf(bytes, at + 46);
  segment.closed[row] = millisecondsOf(bytes, at + 58);
  segment.vulnerabilities[row] = numberings.vulnerabilities.numberOf(bytes.readInt32BE(at + 70));
  segment.products[row] = numberings.products.numberOf(bytes.readInt32BE(at + 78));
  segment.fixes[row] = numberings.fixes.numberOf(bytes.readInt32BE(at + 86));
  segment.risks[row] = bytes.readFloatBE(at + 94);
  segment.cvss[row] = bytes.readFloatBE(at + 102);
  segment.cells[row] = bytes.readInt32BE(at + 110);
};

const uneven = (segment: Segment | undefined): Error =>
  new Error(
    `The roll-up counts other findings than there are${segment === undefined ? '' : ` of asset ${segment.assetId}`}.`,
  );
