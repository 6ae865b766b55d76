import { messageOf } from '@parapet/core';
import { sql } from 'kysely';
import { fromKysely, PgBoss, type Queue, type SendOptions } from 'pg-boss';
import type { z } from 'zod';
import type { DatabaseAddress } from '../database/connect.ts';
import type { Database } from '../database/database.ts';
import type { Log } from '../logging/log.ts';
import { type BossDatabase, createBossDatabase } from './boss-database.ts';
import type { EnqueueOptions, JobHandler, JobOptions, Jobs, QueueFigures } from './jobs.ts';

/** Jobs kept in PostgreSQL by pg-boss, in a schema of its own. Workers are woken by NOTIFY. */
export const createJobs = (deps: {
  readonly db: Database;
  readonly address: DatabaseAddress;
  readonly log: Log;
}): Jobs => {
  const queues = new Map<string, RegisteredQueue>();
  const schedules: Schedule[] = [];
  let boss: PgBoss | undefined;
  let connections: BossDatabase | undefined;
  return {
    register: (name, handler, options) => {
      queues.set(name, {
        options,
        run: (data, context) => handler(options.schema.parse(data) as Parameters<typeof handler>[0], context),
      });
    },
    schedule: (name, cron, data) => {
      schedules.push({ name, cron, data });
    },
    enqueue: async (name, data, options = {}) => {
      const queue = queues.get(name);
      if (queue === undefined) throw new Error(`No queue is called ${name}.`);
      if (boss === undefined) throw new Error('Jobs are not started.');
      const id = await boss.send(name, queue.options.schema.parse(data) as object, sendOptions(options));
      return id !== null;
    },
    figures: () => readFigures(deps.db, [...queues.keys()]),
    start: async () => {
      connections = createBossDatabase(deps.address, deps.log);
      boss = await startBoss(connections, deps.log, queues, schedules);
    },
    stop: async () => {
      await boss?.stop({ graceful: true, timeout: 10_000, close: true });
      boss = undefined;
      await connections?.close();
      connections = undefined;
    },
  };
};

type RegisteredQueue = {
  readonly options: JobOptions<z.ZodObject>;
  readonly run: JobHandler<unknown>;
};

type Schedule = { readonly name: string; readonly cron: string; readonly data: Readonly<Record<string, unknown>> };

const startBoss = async (
  connections: BossDatabase,
  log: Log,
  queues: ReadonlyMap<string, RegisteredQueue>,
  schedules: readonly Schedule[],
): Promise<PgBoss> => {
  const boss = new PgBoss({ db: connections.database, useListenNotify: true });
  boss.on('error', (error) => log.warn({ error: describe(error) }, 'job queue failed'));
  boss.on('warning', (warning) => log.warn({ warning: warning.message }, 'job queue warns'));
  await boss.start();
  for (const [name, queue] of queues) {
    await declareQueue(boss, name, queue.options);
    await boss.work(name, workOptions(queue.options), (batch: readonly WorkItem[]) => runBatch(log, queue, batch));
  }
  await replaceSchedules(boss, schedules);
  return boss;
};

type WorkItem = {
  readonly id: string;
  readonly name: string;
  readonly data: unknown;
  readonly retryCount: number;
  readonly signal: AbortSignal;
};

/** The batch has one job (`batchSize` 1). A thrown error makes pg-boss try it again. */
const runBatch = async (log: Log, queue: RegisteredQueue, batch: readonly WorkItem[]): Promise<void> => {
  for (const { id, name, data, retryCount, signal } of batch) {
    try {
      await queue.run(data, { id, retryCount, signal });
    } catch (error) {
      log.warn({ job: name, id, retryCount, error: messageOf(error) }, 'job failed');
      throw error;
    }
  }
};

/** pg-boss also emits plain objects that only look like errors. */
const describe = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'message' in error ? String(error.message) : messageOf(error);

const policies = { each: 'standard', 'one-waiting': 'short', 'one-at-all': 'exclusive' } as const;

const declareQueue = async (boss: PgBoss, name: string, options: JobOptions<z.ZodObject>): Promise<void> => {
  const settings: Omit<Queue, 'name' | 'policy'> = {
    retryLimit: options.retryLimit ?? 3,
    retryDelay: 5,
    retryBackoff: true,
    retryDelayMax: 600,
    expireInSeconds: options.timeoutSeconds ?? 900,
    deleteAfterSeconds: 86_400,
    notify: true,
  };
  await boss.createQueue(name, { ...settings, policy: policies[options.policy ?? 'each'] });
  const { retryLimit, retryDelay, retryBackoff, expireInSeconds, deleteAfterSeconds, notify } = settings;
  await boss.updateQueue(name, {
    ...(retryLimit === undefined ? {} : { retryLimit }),
    ...(retryDelay === undefined ? {} : { retryDelay }),
    ...(retryBackoff === undefined ? {} : { retryBackoff }),
    ...(expireInSeconds === undefined ? {} : { expireInSeconds }),
    ...(deleteAfterSeconds === undefined ? {} : { deleteAfterSeconds }),
    ...(notify === undefined ? {} : { notify }),
  });
};

/** NOTIFY tells of new jobs; delayed ones and second tries are found by polling. */
const workOptions = (options: JobOptions<z.ZodObject>) => ({
  batchSize: 1,
  includeMetadata: true as const,
  localConcurrency: options.concurrency ?? 1,
  pollingIntervalSeconds: 1,
  notifyPollingIntervalSeconds: 4,
});

const sendOptions = (options: EnqueueOptions): SendOptions => ({
  ...(options.transaction === undefined ? {} : { db: fromKysely(options.transaction) }),
  ...(options.key === undefined ? {} : { singletonKey: options.key }),
  ...(options.delaySeconds === undefined ? {} : { startAfter: options.delaySeconds }),
  ...(options.priority === undefined ? {} : { priority: options.priority }),
});

/** Schedules live in the database; those that an older version had and this one has not are taken away. */
const replaceSchedules = async (boss: PgBoss, schedules: readonly Schedule[]): Promise<void> => {
  const wanted = new Set(schedules.map(({ name }) => name));
  for (const { name } of await boss.getSchedules()) if (!wanted.has(name)) await boss.unschedule(name);
  for (const { name, cron, data } of schedules) await boss.schedule(name, cron, data, { tz: 'UTC' });
};

const readFigures = async (db: Database, names: readonly string[]): Promise<readonly QueueFigures[]> => {
  const { rows } = await sql<QueueFigures>`
    select name,
      count(*) filter (where state in ('created', 'retry') and start_after <= now())::int as waiting,
      count(*) filter (where state = 'active')::int as active,
      count(*) filter (where state = 'failed')::int as failed,
      coalesce(extract(epoch from now() - min(created_on)
        filter (where state in ('created', 'retry') and start_after <= now())) * 1000, 0)::float8 as "oldestMs"
    from pgboss.job where name = any(${names}) group by name`.execute(db);
  const found = new Map(rows.map((row) => [row.name, row]));
  return names.map((name) => found.get(name) ?? { name, waiting: 0, active: 0, failed: 0, oldestMs: 0 });
};
