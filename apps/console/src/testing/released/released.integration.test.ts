import { cp, mkdtemp, open, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '@parapet/core';
import { describe, expect, test } from 'vitest';
import { readDescriptor } from '../../backup/archive-reader.ts';
import { restoreConsole } from '../../backup/restore-console.ts';
import { createConfig } from '../../config/config.ts';
import { parseEnvironment } from '../../config/env.ts';
import { openDataFolder } from '../../data-folder/data-folder.ts';
import { migrations } from '../../database/migrations/index.ts';
import { adminName, adminPassword, startTestConsole, testHost } from '../test-console.ts';
import { createTestDatabase, type TestDatabase } from '../test-database.ts';
import { releasedPassphrase } from './secrets.ts';

const here = import.meta.dirname;
const releases = (await readdir(here, { withFileTypes: true })).filter((entry) => entry.isDirectory());

const environmentOf = (dataDir: string, { address }: TestDatabase): Record<string, string> => {
  if (address.kind === 'url') return { PARAPET_DATA_DIR: dataDir, DATABASE_URL: address.url };
  const url = `postgres://${address.user}@/${address.database}?host=${encodeURIComponent(address.socketDir())}`;
  return { PARAPET_DATA_DIR: dataDir, DATABASE_URL: url };
};

describe.each(releases.map(({ name }) => name))('data of Parapet %s', (version) => {
  test('is all there after the upgrade', async () => {
    await using database = await createTestDatabase({ migrated: false });
    const dataDir = await mkdtemp(join(tmpdir(), 'ppt-released-'));
    await using _ = { [Symbol.asyncDispose]: () => rm(dataDir, { recursive: true, force: true }) };
    await using handle = await open(join(here, version, 'console.tar'), 'r');
    const environment = environmentOf(dataDir, database);
    const outcome = await restoreConsole({
      ...{ config: createConfig(parseEnvironment(environment)), clock: systemClock, file: readDescriptor(handle.fd) },
      ...{ passphrase: releasedPassphrase, withoutKeys: false, onStep: () => undefined },
    });
    expect(outcome.keys).toBe('restored');
    const applied = [...outcome.manifest.schema, ...outcome.migrated];
    expect(applied).toEqual(migrations.map(([name]) => name));

    await using console = await startTestConsole({ environment });
    const signIn = (username: string, password: string) =>
      console.send({
        ...{ method: 'POST', url: '/api/v1/session', body: { username, password } },
        headers: { origin: `https://${testHost}` },
      });
    const signedIn = await signIn(adminName, adminPassword);
    expect(signedIn.status).toBe(200);
    expect((await signIn('grace', 'a viewer of the shop only')).json.user).toMatchObject({ scope: { team: ['shop'] } });
    const cookie = String(signedIn.headers['set-cookie']).split(';', 1)[0] ?? '';
    const get = async (url: string) => (await console.send({ method: 'GET', url, headers: { cookie } })).json;

    const host = (await get('/api/v1/assets?kind=host')).items[0];
    expect(host).toMatchObject({ name: 'web-01', status: 'unknown' });
    const containers = (await get('/api/v1/assets?kind=container')).items;
    expect(containers.map(({ name }: { name: string }) => name).sort()).toEqual(['nightly-job', 'shop']);
    const shop = containers.find(({ name }: { name: string }) => name === 'shop');
    const edges = await database.db.selectFrom('edges').selectAll().execute();
    expect(edges.flatMap(({ target_node, source_node }) => [source_node, target_node])).toContain(
      `container:${shop.id}`,
    );
    expect(await database.db.selectFrom('edge_intervals').selectAll().execute()).toHaveLength(edges.length);
    expect(
      await database.db.selectFrom('asset_intervals').selectAll().where('ended_at', 'is not', null).execute(),
    ).not.toEqual([]);

    const findings = (await get('/api/v1/findings')).items;
    expect(findings).toHaveLength(2);
    const accepted = (await get('/api/v1/findings?status=accepted')).items;
    expect(accepted).toHaveLength(1);
    expect(await get(`/api/v1/findings/${accepted[0].id}`)).toMatchObject({
      acceptance: { reason: 'Not reachable: nothing here unpacks foreign data.', by: adminName },
    });
    expect((await get('/api/v1/feeds')).active).toMatchObject({ advisories: 2 });
    expect((await get('/api/v1/tokens')).items ?? (await get('/api/v1/tokens'))).toMatchObject([{ name: 'pipeline' }]);
    const audit = (await get('/api/v1/audit?limit=500')).items.map(({ action }: { action: string }) => action);
    expect(audit).toEqual(
      expect.arrayContaining(['console.restore', 'session.create', 'users.create', 'sensor.enrol']),
    );
  });

  test('its data folder is opened', async () => {
    const dataDir = await mkdtemp(join(tmpdir(), 'ppt-released-'));
    await using _ = { [Symbol.asyncDispose]: () => rm(dataDir, { recursive: true, force: true }) };
    await cp(join(here, version, 'data-folder'), dataDir, { recursive: true });
    await using folder = await openDataFolder(dataDir, '9.9.9');
    expect(folder.root).toBe(dataDir);
  });
});
