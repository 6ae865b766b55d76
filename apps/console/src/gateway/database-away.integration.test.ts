import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { expect, test, vi } from 'vitest';
import { connectDatabase } from '../database/connect.ts';
import { migrateDatabase } from '../database/migrate.ts';
import { type RunningPostgres, startPostgres } from '../database/postgres-launcher/index.ts';
import { connectSensor, enrolSensor } from '../testing/fake-sensor.ts';
import { hostRecord, listenerRecord } from '../testing/records.ts';
import { startTestGateway } from '../testing/test-gateway.ts';
import { testRunAs } from '../testing/test-server.ts';

test('while the database is away nothing is acknowledged, no credit is granted, and nothing is lost', async () => {
  const rootDir = await mkdtemp(join(tmpdir(), 'ppt-away-'));
  if (testRunAs !== undefined) await chmod(rootDir, 0o711);
  const start = (): Promise<RunningPostgres> =>
    startPostgres({ rootDir, socketDir: join(rootDir, 'run'), runAs: testRunAs, durable: false });
  let postgres = await start();
  const connection = connectDatabase({
    address: {
      kind: 'socket',
      socketDir: () => postgres.socketDir(),
      port: postgres.port,
      user: postgres.user,
      database: 'postgres',
    },
  });
  await migrateDatabase(connection.db, { version: '0.0.0-test' });
  const gateway = await startTestGateway(connection.db);
  try {
    const enrolled = await enrolSensor(gateway, (await gateway.key()).secret);
    const sensor = await connectSensor(gateway, enrolled);
    const begin = { kind: 'snapshot-begin', bootId: 'boot-1', takenAt: 1 };
    sensor.frame('inventory', 1, 1, [
      begin,
      { kind: 'put', record: hostRecord() },
      { kind: 'snapshot-end', records: 1 },
    ]);
    const { limit } = await sensor.expect('flow', (flow) => flow.channel === 'inventory' && flow.acked === 1);
    await postgres.stop();
    for (let seq = 2; seq <= limit; seq += 1) {
      sensor.frame('inventory', 1, seq, [{ kind: 'put', record: listenerRecord(seq) }]);
    }
    await sensor.expect('flow', (flow) => flow.channel === 'inventory' && flow.acked === 1 && flow.limit === limit);
    postgres = await start();
    await sensor.expect('flow', (flow) => flow.channel === 'inventory' && flow.acked === limit);
    const { rows } = await sql<{ count: number }>`select count(*) as count from listeners`.execute(connection.db);
    expect(rows[0]?.count).toBe(limit - 1);
    await vi.waitFor(
      () => expect(sensor.messages.findLast((message) => message.kind === 'flow')).toMatchObject({ acked: limit }),
      { timeout: 60_000 },
    );
    sensor.terminate();
  } finally {
    await gateway[Symbol.asyncDispose]();
    await connection.close();
    await postgres.stop();
    await rm(rootDir, { recursive: true, force: true });
  }
});
