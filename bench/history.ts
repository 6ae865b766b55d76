import { sql } from 'kysely';
import type { Database } from '../apps/console/src/database/database.ts';
import { deleteOlder } from '../apps/console/src/retention/delete-slices.ts';
import { graphTables } from '../apps/console/src/retention/kinds.ts';
import { playHost } from '../apps/console/src/testing/played-host.ts';
import {
  containerRecord,
  edgeRecord,
  hostRecord,
  listenerRecord,
  processRecord,
} from '../apps/console/src/testing/records.ts';
import { createTestDatabase } from '../apps/console/src/testing/test-database.ts';
import type { InventoryRecord } from '../packages/contract/src/wire/index.ts';

/**
 * What changes on a host in a day: an ordinary one with 15 containers, of which some are deployed anew, a batch job every ten
 * minutes, people and cron, and relations that come and go. `--busy` is a build host: six times as much.
 */
const dailyRates = {
  containersReplaced: 6,
  processesEnded: 400,
  listenersClosed: 8,
  edgesEnded: 60,
  edgesReturning: 120,
} as const;
const standing = { containers: 15, processes: 120, listeners: 20, edges: 90 } as const;
const hostsMost = 10;

/**
 * Bytes of graph history per host and day: the records of some hosts over some days go through ingest, and what the tables
 * and their indexes grew by is divided. `--hosts N` (default 5, at most 10) `--days N` (default 7) `--busy`.
 * Then the same history is removed as retention does it, for its cost.
 */
export const run = async (args: readonly string[]): Promise<Readonly<Record<string, number | string>>> => {
  const numberOf = (name: string, usual: number): number =>
    args.includes(name) ? Number(args[args.indexOf(name) + 1]) : usual;
  const [hosts, days, factor] = [
    Math.min(hostsMost, numberOf('--hosts', 5)),
    numberOf('--days', 7),
    args.includes('--busy') ? 6 : 1,
  ];
  await using store = await createTestDatabase();
  const { db } = store;
  const end = Date.now();
  const begin = end - days * 86_400_000;
  const played = [];
  for (let at = 0; at < hosts; at += 1) {
    const host = await playHost(db, { name: `host-${at}`, nowMs: begin });
    await host.snapshot(standingRecords(begin), { nowMs: begin });
    played.push(host);
  }
  const before = await sizes(db);
  for (let day = 0; day < days; day += 1) {
    for (const host of played)
      for (const records of dayOf(begin + day * 86_400_000, day, factor))
        await host.send(records.records, { nowMs: records.atMs });
  }
  await sql`vacuum analyze`.execute(db);
  const after = await sizes(db);
  const grown = Object.fromEntries(
    Object.entries(after).map(([table, bytes]) => [table, bytes - (before[table] ?? 0)]),
  );
  const total = Object.values(grown).reduce((sum, bytes) => sum + bytes, 0);
  const rows = await endedRows(db);
  const removal = await measureRemoval(db, end);
  return {
    hosts,
    days,
    bytesPerHostDay: Math.round(total / hosts / days),
    ...Object.fromEntries(
      Object.entries(grown)
        .filter(([, bytes]) => bytes > 0)
        .map(([table, bytes]) => [`${table}BytesPerHostDay`, Math.round(bytes / hosts / days)]),
    ),
    rowsPerHostDay: Math.round(rows / hosts / days),
    megabytesAt1000HostsIn30Days: Math.round(((total / hosts / days) * 30_000) / 1e6),
    rates: Object.entries(dailyRates)
      .map(([name, count]) => `${count * factor} ${name}`)
      .join(', '),
    ...removal,
  };
};

const standingRecords = (startedAt: number): readonly InventoryRecord[] => [
  hostRecord(),
  ...Array.from({ length: standing.containers }, (_, at) => containerRecord(`docker:c${at}`, { startedAt })),
  ...Array.from({ length: standing.processes }, (_, at) => processOf(`${at + 1}:1`, startedAt, undefined, at)),
  ...Array.from({ length: standing.listeners }, (_, at) => listenerRecord(1000 + at, { startedAt })),
  ...Array.from({ length: standing.edges }, (_, at) => edgeOf(`standing-${at}`, at, startedAt, startedAt, undefined)),
];

const processOf = (key: string, startedAt: number, endedAt: number | undefined, at: number): InventoryRecord =>
  processRecord(key, {
    startedAt,
    containerKey: `docker:c${at % standing.containers}`,
    arguments: ['/usr/local/bin/worker', '--config', '/etc/worker/config.yaml', '--queue', `jobs-${at % 7}`],
    loadedFiles: Array.from({ length: 12 }, (_, file) => `/usr/lib/x86_64-linux-gnu/lib${file}-${at % 5}.so.1`),
    ...(endedAt === undefined ? {} : { endedAt }),
  });

const edgeOf = (
  key: string,
  at: number,
  startedAt: number,
  lastSeenAt: number,
  endedAt: number | undefined,
): InventoryRecord =>
  edgeRecord(key, {
    startedAt,
    lastSeenAt,
    connections: 1,
    containerKey: `docker:c${at % standing.containers}`,
    direction: at % 2 === 0 ? 'out' : 'in',
    serverPort: 8000 + (at % 10),
    peer:
      at % 9 === 0
        ? { kind: 'internet', addresses: ['1.1.1.1'], addressCount: 1 }
        : { kind: 'address', address: `10.0.${at >> 8}.${at & 255}` },
    ...(endedAt === undefined ? {} : { endedAt }),
  });

const steps = 24;

/** The day's records in 24 steps, each with its console time: what began and ended within the hour before. */
const dayOf = (
  dayMs: number,
  day: number,
  factor: number,
): readonly { readonly records: readonly InventoryRecord[]; readonly atMs: number }[] =>
  Array.from({ length: steps }, (_, step) => {
    const atMs = dayMs + (step + 1) * 3_600_000;
    const startedAt = atMs - 3_000_000;
    const endedAt = atMs - 60_000;
    const share = (count: number): number =>
      Math.floor((count * factor * (step + 1)) / steps) - Math.floor((count * factor * step) / steps);
    const several = (count: number, make: (at: number) => InventoryRecord): readonly InventoryRecord[] =>
      Array.from({ length: share(count) }, (_, at) => make(at + step * 1000 + day * 100_000));
    return {
      atMs,
      records: [
        ...several(dailyRates.containersReplaced, (at) =>
          containerRecord(`docker:d${at}`, { startedAt, endedAt, state: 'removed' }),
        ),
        ...several(dailyRates.processesEnded, (at) => processOf(`${1000 + at}:9`, startedAt, endedAt, at)),
        ...several(dailyRates.listenersClosed, (at) => listenerRecord(20_000 + (at % 20_000), { startedAt, endedAt })),
        ...several(dailyRates.edgesEnded, (at) =>
          edgeOf(`new-${at}`, 1000 + (at % 30_000), startedAt, endedAt, endedAt),
        ),
        // Known relations that are used now and then: a span each time, no new edge.
        ...several(dailyRates.edgesReturning, (at) =>
          edgeOf(`again-${at % 200}`, 40_000 + (at % 200), startedAt, endedAt, endedAt),
        ),
      ],
    };
  });

const tables = [...graphTables.map(({ table }) => table), 'assets'];

const sizes = async (db: Database): Promise<Readonly<Record<string, number>>> => {
  await sql`vacuum`.execute(db);
  const measured: Record<string, number> = {};
  for (const table of tables) {
    const { rows } = await sql<{ bytes: number }>`select pg_total_relation_size(${table}::regclass) as bytes`.execute(
      db,
    );
    measured[table] = rows[0]?.bytes ?? 0;
  }
  return measured;
};

const endedRows = async (db: Database): Promise<number> => {
  let count = 0;
  for (const { table, endedAt } of graphTables) {
    const { rows } = await sql<{
      n: number;
    }>`select count(*) as n from ${sql.table(table)} where ${sql.ref(endedAt)} is not null`.execute(db);
    count += rows[0]?.n ?? 0;
  }
  return count;
};

/** What removing all of it by slices costs, against having written it; the alternative is to drop partitions. */
const measureRemoval = async (db: Database, end: number): Promise<Record<string, number>> => {
  let removed = 0;
  const from = performance.now();
  for (const table of graphTables)
    removed += await deleteOlder(db, table, new Date(end + 1000), AbortSignal.timeout(120_000));
  const seconds = (performance.now() - from) / 1000;
  // Half of the time is rest.
  return { removedRows: removed, removedRowsPerBusySecond: Math.round(removed / (seconds / 2)) };
};
