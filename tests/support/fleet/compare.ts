import { sql } from 'kysely';
import type { Database } from '../../../apps/console/src/database/database.ts';
import { readTold, type Told } from './told.ts';

/** Facts that were acknowledged, and what the database has of them. */
export type Comparison = {
  readonly acknowledged: number;
  readonly stored: number;
  readonly lost: number;
  readonly doubled: number;
  /** The first few that are not as they should be. */
  readonly examples: readonly string[];
};

const exampleCount = 12;

/**
 * Reads the database and compares it: what was acknowledged must be there, and nothing may be there that was not sent. The
 * latter are the same ledgers unless sensors were killed, whose last words may be stored without anyone having noted it.
 */
export const compareWithStore = async (
  db: Database,
  ledgers: readonly string[],
  sentLedgers: readonly string[] = ledgers,
): Promise<Comparison> => {
  const tally = createTally();
  const allSent = readTold(sentLedgers);
  for (const [hostId, told] of readTold(ledgers)) {
    const sent = allSent.get(hostId) ?? told;
    await compareLive(db, hostId, told, tally);
    await compareProcesses(db, hostId, told, tally);
    await compareListeners(db, hostId, told, sent, tally);
    await compareContainers(db, hostId, told, sent, tally);
    await compareEdges(db, hostId, told, sent, tally);
  }
  await findOverlaps(db, tally);
  return tally.result();
};

type Tally = {
  readonly stored: () => void;
  readonly lost: (what: string) => void;
  readonly doubled: (what: string, times?: number) => void;
  readonly result: () => Comparison;
};

const createTally = (): Tally => {
  const examples: string[] = [];
  const sums = { stored: 0, lost: 0, doubled: 0 };
  const show = (text: string): void => {
    if (examples.length < exampleCount) examples.push(text);
  };
  return {
    stored: () => {
      sums.stored += 1;
    },
    lost: (what) => {
      sums.lost += 1;
      show(`lost: ${what}`);
    },
    doubled: (what, times = 1) => {
      sums.doubled += times;
      show(`doubled: ${what}`);
    },
    result: () => ({ acknowledged: sums.stored + sums.lost, ...sums, examples }),
  };
};

/** The records that count as there now, with their exact content. */
const compareLive = async (db: Database, hostId: string, told: Told, tally: Tally): Promise<void> => {
  const { rows } = await sql<{ id: string; hash: string }>`
    select kind || ' ' || key as id, hash from inventory_records where host_id = ${hostId}`.execute(db);
  const stored = new Map(rows.map((row) => [row.id, row.hash]));
  for (const [id, hash] of told.live) {
    const has = stored.get(id);
    if (has === hash) tally.stored();
    else tally.lost(`${hostId} ${id}: ${has === undefined ? 'not there' : 'another version'}`);
  }
  for (const id of stored.keys()) if (!told.live.has(id)) tally.doubled(`${hostId} ${id}: there and not told`);
};

/** Each process is one row; a told end is there as one that was seen. */
const compareProcesses = async (db: Database, hostId: string, told: Told, tally: Tally): Promise<void> => {
  const { rows } = await sql<{ key: string; rows: number; ended: boolean; inferred: boolean }>`
    select key, count(*) as rows, bool_and(ended_at is not null) as ended, bool_or(end_inferred) as inferred
    from processes where host_id = ${hostId} group by key`.execute(db);
  const stored = new Map(rows.map((row) => [row.key, row]));
  for (const { record, ended } of told.spans.values()) {
    if (record.kind !== 'process') continue;
    const row = stored.get(record.key);
    if (row === undefined) tally.lost(`${hostId} process ${record.key}`);
    else if (ended && (!row.ended || row.inferred)) tally.lost(`${hostId} the end of process ${record.key}`);
    else tally.stored();
    if ((row?.rows ?? 0) > 1) tally.doubled(`${hostId} process ${record.key}`);
  }
};

/** Each time a port was open is one row. */
const compareListeners = async (db: Database, hostId: string, told: Told, sent: Told, tally: Tally): Promise<void> => {
  const { rows } = await sql<{ key: string; rows: number }>`
    select key, count(*) as rows from listeners where host_id = ${hostId} group by key`.execute(db);
  const stored = new Map(rows.map((row) => [row.key, row.rows]));
  const sentTimes = timesOpen(sent);
  for (const [key, times] of timesOpen(told)) {
    const has = stored.get(key) ?? 0;
    for (let time = 0; time < times; time += 1) {
      if (time < has) tally.stored();
      else tally.lost(`${hostId} listener ${key}`);
    }
    const most = sentTimes.get(key) ?? times;
    if (has > most) tally.doubled(`${hostId} listener ${key}: ${has} for ${most}`, has - most);
  }
};

const timesOpen = (told: Told): ReadonlyMap<string, number> => {
  const times = new Map<string, number>();
  for (const { record } of told.spans.values()) {
    if (record.kind === 'listener') times.set(record.key, (times.get(record.key) ?? 0) + 1);
  }
  return times;
};

/** Each container is one row, each of its lives one interval, which is over when its end was told. */
const compareContainers = async (db: Database, hostId: string, told: Told, sent: Told, tally: Tally): Promise<void> => {
  const { rows } = await sql<{ key: string; toldStart: number; ended: boolean; inferred: boolean }>`
    select a.key, i.told_start as "toldStart", i.ended_at is not null as ended, i.end_inferred as inferred
    from assets a join asset_intervals i on i.asset_id = a.id
    where a.host_id = ${hostId} and a.kind = 'container'`.execute(db);
  const stored = Map.groupBy(rows, ({ key, toldStart }) => `container ${key} ${toldStart}`);
  for (const [id, { record, ended }] of told.spans) {
    if (record.kind !== 'container' || record.state === 'created') continue;
    const life = stored.get(id)?.[0];
    if (life === undefined) tally.lost(`${hostId} a life of ${id}`);
    else if (ended && (!life.ended || life.inferred)) tally.lost(`${hostId} the end of a life of ${id}`);
    else tally.stored();
  }
  for (const [id, lives] of stored) {
    const more = lives.length - (sent.spans.has(id) ? 1 : 0);
    if (more > 0) tally.doubled(`${hostId} a life of ${id}`, more);
  }
};

/** A report is one row. Its count goes on from its beginning, or from when it moved to a better known edge; never beyond what was told. */
const compareEdges = async (db: Database, hostId: string, told: Told, sent: Told, tally: Tally): Promise<void> => {
  const { rows } = await sql<{ key: string; connections: number; live: boolean }>`
    select key, connections, live from edge_reports where host_id = ${hostId}`.execute(db);
  const stored = new Map(rows.map((row) => [row.key, row]));
  for (const [key, connections] of told.connections) {
    const row = stored.get(key);
    if (row === undefined) tally.lost(`${hostId} edge ${key}`);
    else if (row.live !== told.live.has(`edge ${key}`)) tally.lost(`${hostId} edge ${key}: its end`);
    else tally.stored();
    const most = Math.max(connections, sent.connections.get(key) ?? 0);
    if (row !== undefined && row.connections > most) {
      tally.doubled(`${hostId} edge ${key}: ${row.connections} of ${most} connections`);
    }
  }
};

/** No edge and no asset is there twice at one moment, and no span ends before it begins. */
const findOverlaps = async (db: Database, tally: Tally): Promise<void> => {
  const { rows } = await sql<{ what: string }>`
    select 'edge ' || a.edge_id as what from edge_intervals a join edge_intervals b on b.edge_id = a.edge_id and b.id > a.id
      and a.started_at < coalesce(b.ended_at, 'infinity') and b.started_at < coalesce(a.ended_at, 'infinity')
    union all
    select 'asset ' || a.asset_id from asset_intervals a join asset_intervals b on b.asset_id = a.asset_id and b.id > a.id
      and a.started_at < coalesce(b.ended_at, 'infinity') and b.started_at < coalesce(a.ended_at, 'infinity')`.execute(
    db,
  );
  for (const { what } of rows) tally.doubled(`${what}: at two spans at once`);
  const turned = await sql<{ what: string }>`
    select 'edge ' || edge_id || ' ' || started_at || ' ' || ended_at as what from edge_intervals where ended_at < started_at
    union all
    select 'asset ' || asset_id || ' ' || started_at || ' ' || ended_at from asset_intervals where ended_at < started_at`.execute(
    db,
  );
  for (const { what } of turned.rows) tally.doubled(`${what}: ends before it begins`);
};
