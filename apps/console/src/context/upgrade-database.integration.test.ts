import { mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { request } from 'node:https';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { connect } from 'node:tls';
import { sensorServerName } from '@parapet/contract/wire';
import { systemClock } from '@parapet/core';
import { sql } from 'kysely';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readDescriptor } from '../backup/archive-reader.ts';
import { verifyBackup } from '../backup/verify-backup.ts';
import { createConfig } from '../config/config.ts';
import { parseEnvironment } from '../config/env.ts';
import { openDataFolder } from '../data-folder/data-folder.ts';
import { migrations } from '../database/migrations/index.ts';
import { createLog } from '../logging/create-log.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { upgradeDatabase } from './upgrade-database.ts';

let folder: string;
let database: TestDatabase;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ppt-upgrade-'));
  database = await createTestDatabase();
});
afterEach(async () => {
  await database[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

const freePort = async (): Promise<number> => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
};

const get = (port: number, path: string, accept: string) =>
  new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
    // The certificate is checked elsewhere.
    const asked = request(
      { host: '127.0.0.1', port, path, rejectUnauthorized: false, agent: false, headers: { accept } },
      (answer) => {
        text(answer).then((body) => resolve({ status: answer.statusCode, body }), reject);
      },
    );
    asked.on('error', reject);
    asked.end();
  });

const upgrade = async (environment: Record<string, string>, later: (typeof migrations)[number], said: string[]) => {
  const config = createConfig(
    parseEnvironment({ PARAPET_DATA_DIR: folder, PARAPET_HOST: '127.0.0.1', ...environment }),
  );
  await using data = await openDataFolder(folder, config.version);
  const log = createLog({ file: join(data.logsDir, 'console.log'), level: 'info' });
  await upgradeDatabase({
    ...{ config, clock: systemClock, folder: data, log, say: (step: string) => void said.push(step) },
    database: {
      ...database,
      preparedDb: database.db,
      transact: (work) => database.db.transaction().execute(work),
      pool: undefined as never,
      close: async () => undefined,
      stopServer: async () => undefined,
      description: '',
    },
    migrations: [...migrations, later],
  });
  await log.close();
};

test('before data is changed it is backed up, and whoever asks is told', async () => {
  const port = await freePort();
  const told: { status: number | undefined; body: string }[] = [];
  let turnedAway = false;
  const said: string[] = [];
  await sql`insert into products (type, name) values ('deb', 'kept')`.execute(database.db);
  await upgrade(
    { PARAPET_PORT: String(port), PARAPET_BACKUP_PASSPHRASE: 'a passphrase for this test' },
    [
      '9998-later',
      {
        up: async (db) => {
          told.push(
            await get(port, '/api/v1/session', 'application/json'),
            await get(port, '/', 'text/html'),
            await get(port, '/healthz', '*/*'),
          );
          turnedAway = await new Promise((resolve) => {
            const socket = connect({
              host: '127.0.0.1',
              port,
              servername: sensorServerName,
              rejectUnauthorized: false,
            });
            socket.on('secureConnect', () => resolve(false));
            socket.on('error', () => resolve(true));
          });
          await sql`drop table products cascade`.execute(db);
        },
      },
    ],
    said,
  );
  expect(told.map(({ status }) => status)).toEqual([503, 503, 200]);
  expect(JSON.parse(told[0]?.body ?? '')).toMatchObject({
    error: { code: 'upgrading', message: expect.stringContaining('9998-later, step 1 of 1') },
  });
  expect(told[1]?.body).toContain('Parapet is being upgraded');
  expect(turnedAway).toBe(true);
  expect(said.join()).toContain('Backing up before the upgrade');
  const [name] = await readdir(join(folder, 'backups'));
  expect(name).toMatch(/-before-upgrade\.tar$/);
  await using handle = await open(join(folder, 'backups', name ?? ''), 'r');
  const { manifest } = await verifyBackup(readDescriptor(handle.fd));
  expect(manifest.schema).toEqual(migrations.map(([migration]) => migration));
  expect(manifest.tables.find((table) => table.name === 'products')?.rows).toBe(1);
  expect(manifest.hasKeys).toBe(true);
  const audited = await database.db.selectFrom('audit_log').select(['action', 'target']).execute();
  expect(audited).toEqual([{ action: 'backup.make', target: name }]);
});

test('no backup where others make theirs; nothing at all where nothing changes', async () => {
  const said: string[] = [];
  const environment = { PARAPET_PORT: String(await freePort()), PARAPET_BACKUP_BEFORE_UPGRADE: 'off' };
  const later: (typeof migrations)[number] = ['9998-later', { up: async () => undefined }];
  await upgrade(environment, later, said);
  expect(await readdir(join(folder, 'backups'))).toEqual([]);
  expect(said).not.toEqual([]);
  said.length = 0;
  await upgrade(environment, later, said);
  expect(said).toEqual([]);
});
