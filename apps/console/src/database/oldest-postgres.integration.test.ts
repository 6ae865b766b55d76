import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWith } from '@parapet/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createJobs } from '../jobs/pg-boss-jobs.ts';
import { silentLog } from '../logging/log.ts';
import { systemPostgres } from '../testing/system-postgres.ts';
import { testRunAs } from '../testing/test-server.ts';
import { connectDatabase, type DatabaseAddress } from './connect.ts';
import { migrateDatabase } from './migrate.ts';
import { migrations } from './migrations/index.ts';
import { type RunningPostgres, startPostgres } from './postgres-launcher/index.ts';

describeWith([systemPostgres], 'the machine’s own PostgreSQL', () => {
  let folder: string;
  let server: RunningPostgres;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'ppt-old-'));
    if (testRunAs !== undefined) await chmod(folder, 0o711);
    server = await startPostgres({
      rootDir: folder,
      socketDir: join(folder, 'run'),
      runAs: testRunAs,
      systemOnly: true,
      durable: false,
    });
  });
  afterAll(async () => {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  });

  test('takes the whole schema and the job queue', async () => {
    const address: DatabaseAddress = {
      kind: 'socket',
      socketDir: server.socketDir,
      port: server.port,
      user: server.user,
      database: 'postgres',
    };
    const { db, close } = connectDatabase({ address });
    const { applied } = await migrateDatabase(db, { version: '0.1.0' });
    expect(applied).toHaveLength(migrations.length);
    const jobs = createJobs({ db, address, log: silentLog });
    await jobs.start();
    await jobs.stop();
    await close();
  });
});
