import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { sql } from 'kysely';
import { connectDatabase } from '../apps/console/src/database/connect.ts';
import type { Database } from '../apps/console/src/database/database.ts';
import { migrateDatabase } from '../apps/console/src/database/migrate.ts';
import { startPostgres } from '../apps/console/src/database/postgres-launcher/index.ts';
import { createChangeFeed } from '../apps/console/src/ingest/change-feed.ts';
import { createIngest, type Ingest } from '../apps/console/src/ingest/ingest.ts';
import { silentLog } from '../apps/console/src/logging/log.ts';
import { playHost } from '../apps/console/src/testing/played-host.ts';
import {
  containerRecord,
  edgeRecord,
  hostRecord,
  listenerRecord,
  network,
  processRecord,
  putLine,
} from '../apps/console/src/testing/records.ts';
import { testRunAs } from '../apps/console/src/testing/test-server.ts';
import { encodeFrame, type InventoryRecord, readFrameHeader } from '../packages/contract/src/wire/index.ts';
import { systemClock } from '../packages/core/src/index.ts';

/** `INGEST_BENCH_HOSTS` hosts: first a snapshot each, then an hour's worth of quiet operation as fast as it goes. */
const hosts = Number(process.env['INGEST_BENCH_HOSTS'] ?? 100);
const containers = 15;
const processes = 120;
const edges = 90;
const updateRounds = 10;

/** Ingest on a real, durable PostgreSQL: records per second of wall time and per CPU second of the console and the database. */
export const run = async (): Promise<Readonly<Record<string, number>>> => {
  const rootDir = await mkdtemp(join(tmpdir(), 'ppt-bench-'));
  if (testRunAs !== undefined) await chmod(rootDir, 0o711);
  const postgres = await startPostgres({ rootDir, socketDir: join(rootDir, 'run'), runAs: testRunAs });
  const connection = connectDatabase({
    address: {
      kind: 'socket',
      socketDir: postgres.socketDir,
      port: postgres.port,
      user: postgres.user,
      database: 'postgres',
    },
  });
  try {
    await migrateDatabase(connection.db, { version: '0.0.0-bench' });
    const changes = createChangeFeed({ live: { publish: () => undefined }, onError: () => undefined });
    const ingest = createIngest({
      ...{ db: connection.preparedDb, transact: connection.transact },
      ...{ clock: systemClock, log: silentLog, changes },
    });
    const streams = await openStreams(connection.db, ingest);
    const figures: Record<string, number> = { hosts };
    const before = await readCounts(connection.db);
    Object.assign(
      figures,
      await measure('snapshot', postgres.pid(), () => streams.map((send, at) => send(snapshotOf(at)))),
    );
    Object.assign(
      figures,
      await measure('sameSnapshot', postgres.pid(), () => streams.map((send, at) => send(snapshotOf(at)))),
    );
    Object.assign(figures, await steady(ingest, postgres.pid(), streams));
    for (const [name, linesOf] of Object.entries(
      hosts > 300
        ? {}
        : {
            edges: edgeUpdates,
            processes: processUpdates,
            single: singleUpdate,
          },
    )) {
      let round = 0;
      const rounds = async (): Promise<number> => {
        let records = 0;
        for (; round < updateRounds; round += 1) {
          const sent = streams.map((send, at) => send(linesOf(at, round)));
          records += (await Promise.all(sent)).reduce((sum, count) => sum + count, 0);
        }
        return records;
      };
      Object.assign(figures, await measure(name, postgres.pid(), () => [rounds()]));
    }
    changes.stop();
    await ingest.stop();
    const after = await readCounts(connection.db);
    return { ...figures, commits: after.commits - before.commits, deadlocks: after.deadlocks - before.deadlocks };
  } finally {
    await connection.close();
    await postgres.stop();
    await rm(rootDir, { recursive: true, force: true });
  }
};

/** Sends lines as one frame and resolves with the number of records once they are stored. */
type Send = (lines: readonly string[]) => Promise<number>;

const openStreams = async (db: Database, ingest: Ingest): Promise<readonly Send[]> => {
  const made: Send[] = [];
  for (let at = 0; at < hosts; at += 1) {
    const host = await playHost(db, { name: `host-${at}` });
    let position = { epoch: 0, seq: 0 };
    const waiting: { readonly epoch: number; readonly seq: number; readonly done: () => void }[] = [];
    const stream = ingest.open(
      {
        hostId: host.id,
        runId: randomUUID(),
        bootId: 'boot-1',
        skewMs: () => 0,
        onStored: ({ epoch, seq }) => {
          while (waiting[0] !== undefined && (waiting[0].epoch < epoch || waiting[0].seq <= seq))
            waiting.shift()?.done();
        },
        onResync: (reason) => {
          throw new Error(reason);
        },
        onMalformed: (_code, message) => {
          throw new Error(message);
        },
        onUnknown: () => undefined,
        onWindow: () => undefined,
      },
      { ...position, snapshotOpen: false },
    );
    made.push((lines) => {
      const isSnapshot = lines[0]?.includes('snapshot-begin') === true;
      position = isSnapshot ? { epoch: position.epoch + 1, seq: 1 } : { ...position, seq: position.seq + 1 };
      const data = encodeFrame({ channel: 'inventory', ...position, body: Buffer.from(lines.join('\n')) });
      const header = readFrameHeader(data);
      if (!header.ok) throw new Error(header.error.message);
      const stored = new Promise<number>((resolve) => {
        waiting.push({ ...position, done: () => resolve(lines.length) });
      });
      stream.push(data, header.value);
      return stored;
    });
  }
  return made;
};

const startedAt = Date.now() - 3_600_000;
const addressOf = (host: number): string => `10.0.${host >> 8}.${host & 255}`;

const recordsOf = (host: number): readonly InventoryRecord[] => [
  hostRecord({
    addresses: [
      { address: addressOf(host), prefixLength: 16, device: 'eth0' },
      { address: '172.17.0.1', prefixLength: 16, device: 'docker0' },
    ],
  }),
  ...Array.from({ length: containers }, (_, at) =>
    containerRecord(`docker:${host}-${at}`, { startedAt, networks: [network(`172.17.0.${at + 2}`)] }),
  ),
  ...Array.from({ length: processes }, (_, at) => processOf(host, at)),
  ...Array.from({ length: 20 }, (_, at) => listenerRecord(1000 + at, { startedAt })),
  ...Array.from({ length: edges }, (_, at) => edgeOf(host, at, 0)),
];

const processOf = (host: number, at: number): InventoryRecord =>
  processRecord(`${at + 1}:${host}`, {
    startedAt,
    containerKey: `docker:${host}-${at % containers}`,
    arguments: ['/usr/bin/program', '--with', 'some arguments', '--of', 'ordinary length'],
    loadedFiles: Array.from({ length: 12 }, (_, file) => `/usr/lib/x86_64-linux-gnu/lib${file}.so.${at}`),
  });

const edgeOf = (host: number, at: number, round: number): InventoryRecord =>
  edgeRecord(`edge-${at}`, {
    startedAt,
    lastSeenAt: Date.now(),
    connections: round + 1,
    containerKey: `docker:${host}-${at % containers}`,
    direction: at % 2 === 0 ? 'out' : 'in',
    serverPort: 8000 + (at % 10),
    peer:
      at % 9 === 0
        ? { kind: 'internet', addresses: ['1.1.1.1'], addressCount: round + 1 }
        : { kind: 'address', address: addressOf((host + 1 + at) % hosts) },
  });

const snapshotOf = (host: number): readonly string[] => {
  const records = recordsOf(host);
  return [
    JSON.stringify({ kind: 'snapshot-begin', bootId: 'boot-1', takenAt: 1 }),
    ...records.map(putLine),
    JSON.stringify({ kind: 'snapshot-end', records: records.length }),
  ];
};

/** What a busy minute of a host looks like: a third of its edges were used. */
const edgeUpdates = (host: number, round: number): readonly string[] =>
  Array.from({ length: 30 }, (_, at) => putLine(edgeOf(host, (at * 3 + round) % edges, round + 2)));

const processUpdates = (host: number, round: number): readonly string[] =>
  Array.from({ length: 15 }, (_, at) =>
    putLine({ ...processOf(host, 1000 + round * 15 + at), startedAt } as InventoryRecord),
  );

const steadySeconds = 15;

/** All hosts at once, each with one frame a second: a process began, another ended, three edges went on. */
const steady = async (
  ingest: Ingest,
  postgresPid: number,
  streams: readonly Send[],
): Promise<Record<string, number>> => {
  const cpu = process.cpuUsage();
  const databaseCpu = cpuSecondsOf(postgresPid);
  const from = performance.now();
  const waits: Promise<number>[] = [];
  const lags: number[] = [];
  await Promise.all(
    streams.map(async (send, host) => {
      await delay(Math.random() * 1000);
      for (let round = 0; round < steadySeconds; round += 1) {
        const sentAt = performance.now();
        const began = { ...processOf(host, 2000 + round), startedAt } as InventoryRecord;
        const ended = { ...processOf(host, 1999 + round), startedAt, endedAt: Date.now() } as InventoryRecord;
        const edgeLines = [0, 1, 2].map((at) => putLine(edgeOf(host, at, round + 20)));
        const stored = send([putLine(began), putLine(ended), ...edgeLines]);
        waits.push(stored);
        void stored.then(() => lags.push(performance.now() - sentAt));
        await delay(Math.max(0, 1000 - (performance.now() - sentAt)));
      }
    }),
  );
  await Promise.all(waits);
  const seconds = (performance.now() - from) / 1000;
  const used = process.cpuUsage(cpu);
  lags.sort((a, b) => a - b);
  const at = (share: number): number =>
    Math.round(lags[Math.min(lags.length - 1, Math.floor(lags.length * share))] ?? 0);
  return {
    steadyFramesPerSecond: Math.round(waits.length / seconds),
    steadyLagP50Ms: at(0.5),
    steadyLagP99Ms: at(0.99),
    steadyConsoleCores: Math.round((used.user + used.system) / 1e4 / seconds) / 100,
    steadyDatabaseCores: Math.round(((cpuSecondsOf(postgresPid) - databaseCpu) / seconds) * 100) / 100,
    steadyQueuedAtEnd: ingest.figures().queuedFrames,
  };
};

/** The smallest frame there is: one process began. Its records per CPU second are frames per CPU second. */
const singleUpdate = (host: number, round: number): readonly string[] => [putLine(processOf(host, 5000 + round))];

const measure = async (
  name: string,
  postgresPid: number,
  work: () => readonly Promise<number>[],
): Promise<Record<string, number>> => {
  const cpu = process.cpuUsage();
  const databaseCpu = cpuSecondsOf(postgresPid);
  const from = performance.now();
  const records = (await Promise.all(work())).reduce((sum, count) => sum + count, 0);
  const seconds = (performance.now() - from) / 1000;
  const used = process.cpuUsage(cpu);
  const consoleSeconds = (used.user + used.system) / 1e6;
  const databaseSeconds = cpuSecondsOf(postgresPid) - databaseCpu;
  return {
    [`${name}Records`]: records,
    [`${name}PerSecond`]: Math.round(records / seconds),
    [`${name}PerCpuSecond`]: Math.round(records / (consoleSeconds + databaseSeconds)),
    [`${name}ConsoleCpuSeconds`]: Math.round(consoleSeconds * 100) / 100,
    [`${name}DatabaseCpuSeconds`]: Math.round(databaseSeconds * 100) / 100,
  };
};

/** Each deadlock is a second of waiting, and work done again. */
const readCounts = async (db: Database): Promise<{ readonly commits: number; readonly deadlocks: number }> => {
  const { rows } = await sql<{ commits: number; deadlocks: number }>`
    select xact_commit as commits, deadlocks from pg_stat_database where datname = current_database()`.execute(db);
  return rows[0] ?? { commits: 0, deadlocks: 0 };
};

/** CPU time of the server and the backends it has now; the pool keeps them. */
const cpuSecondsOf = (pid: number): number => {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter((text) => text !== '');
  let ticks = 0;
  for (const id of [String(pid), ...children]) {
    const fields = readFileSync(`/proc/${id}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    ticks += Number(fields[11]) + Number(fields[12]);
  }
  return ticks / 100;
};
