import { describeWith } from '@parapet/testkit';
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { insertSyntheticFindings } from '../findings/synthetic-findings.ts';
import { playHost } from '../testing/played-host.ts';
import { containerRecord, edgeRecord, hostRecord, processRecord } from '../testing/records.ts';
import { systemPostgres } from '../testing/system-postgres.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import type { TestPostgres } from '../testing/test-server.ts';
import { inMemory, restoreInto, takeBackup } from './testing/backup-file.ts';
import { describeDatabase } from './testing/compare-databases.ts';
import { verifyBackup } from './verify-backup.ts';

const fill = async (store: TestDatabase): Promise<void> => {
  const host = await playHost(store.db, { name: 'web-01' });
  await host.snapshot([
    hostRecord(),
    containerRecord('docker:1', { name: 'naïve "shop" \u{1F6D2}', labels: { team: 'a' } }),
    processRecord('7:1', { containerKey: 'docker:1', arguments: ['--a', 'b\tc\nd', ''] }),
    edgeRecord('e1', { containerKey: 'docker:1' }),
  ]);
  await insertSyntheticFindings(store.db, { hosts: 4, images: 3, vulnerabilities: 200, findingsEach: 40 });
  await sql`insert into sboms (id, asset_id, reporter_host_id, content_hash, status, package_count, document, made_at, received_at)
    select gen_random_uuid(), ${host.id}, ${host.id}, 'x', 'succeeded', 1, decode(repeat('00ff5c0a', 1000), 'hex'), now(), now()`.execute(
    store.db,
  );
};

/** A filled database with its backup; nothing of a test writes into it. */
type Filled = { readonly source: TestDatabase } & Awaited<ReturnType<typeof takeBackup>>;
const fillAnother = async (postgres: TestPostgres): Promise<Filled> => {
  const source = await createTestDatabase({ postgres });
  await fill(source);
  return { source, ...(await takeBackup(source)) };
};

let filled: Filled;
beforeAll(async () => {
  filled = await fillAnother('embedded');
});
afterAll(() => filled?.source[Symbol.asyncDispose]());

const roundTrip = async ({ source, content, manifest }: Filled, to: TestPostgres): Promise<void> => {
  await using target = await createTestDatabase({ postgres: to, migrated: false });
  expect(await restoreInto(target, content)).toEqual([]);
  expect(await describeDatabase(target.db)).toEqual(await describeDatabase(source.db));
  expect(manifest.tables.find(({ name }) => name === 'findings')?.rows).toBeGreaterThan(100);
  // Counting goes on where it was, and the triggers count again.
  await sql`insert into products (type, name) values ('deb', 'later')`.execute(target.db);
  await sql`delete from findings where id = (select id from findings limit 1)`.execute(target.db);
  const { rows } = await sql<{ told: number; there: number }>`
    select (select sum(findings)::int from finding_totals) as told, (select count(*)::int from findings) as there`.execute(
    target.db,
  );
  expect(rows[0]?.told).toBe(rows[0]?.there);
};

test('what is restored is what was backed up, to the last row, index and trigger', () => roundTrip(filled, 'embedded'));

describeWith([systemPostgres], 'between the oldest supported PostgreSQL and the embedded one', () => {
  test('there', async () => {
    const old = await fillAnother('system');
    await using _ = old.source;
    await roundTrip(old, 'embedded');
  });
  test('and back', () => roundTrip(filled, 'system'));
});

test('one moment is backed up, whatever is written meanwhile, and nobody waits', async () => {
  await using source = await createTestDatabase();
  const { db } = source;
  const host = await playHost(db, { name: 'busy' });
  await host.snapshot([hostRecord()]);
  let stopped = false;
  let written = 0;
  const writer = (async () => {
    while (!stopped) {
      const key = `docker:${written}`;
      await host.send([containerRecord(key), processRecord(`${written + 10}:1`, { containerKey: key })]);
      written += 1;
    }
  })();
  let before = 0;
  const backups = [];
  for (let round = 0; round < 3; round += 1) {
    before = written;
    backups.push(await takeBackup(source));
  }
  stopped = true;
  await writer;
  expect(written).toBeGreaterThan(before);
  for (const { content } of backups) {
    await using target = await createTestDatabase({ migrated: false });
    await restoreInto(target, content);
    // What one transaction wrote is there whole or not at all: records, things and the stream's position.
    const { rows } = await sql<Record<string, number>>`
      select (select count(*)::int from assets where kind = 'container') as containers, (select count(*)::int from processes) as processes,
        (select count(*)::int from inventory_records where kind = 'container') as records, (select stream_seq::int - 1 from sensors) as frames`.execute(
      target.db,
    );
    expect(new Set(Object.values(rows[0] ?? {})).size).toBe(1);
  }
});

test('nothing is restored over data', async () => {
  const { source, content } = filled;
  const before = await describeDatabase(source.db);
  await expect(restoreInto(source, content)).rejects.toMatchObject({ code: 'not-empty' });
  expect(await describeDatabase(source.db)).toEqual(before);
});

test('a database that no console used has nothing to back up', async () => {
  await using empty = await createTestDatabase({ migrated: false });
  await expect(takeBackup(empty)).rejects.toMatchObject({ code: 'no-data' });
});

test('a restore that fails on its way leaves the database empty, and can be done again', async () => {
  const { source, content } = filled;
  await using target = await createTestDatabase({ migrated: false });
  const failing = restoreInto(target, content, async () => {
    throw new Error('the power went');
  });
  await expect(failing).rejects.toThrow('the power went');
  await restoreInto(target, content);
  expect(await describeDatabase(target.db)).toEqual(await describeDatabase(source.db));
});

describe('a file that is not whole', () => {
  test('is refused wherever it was cut or changed', async () => {
    const { content } = filled;
    await verifyBackup(inMemory(content));
    for (const length of [0, 100, 512, 5000, Math.trunc(content.length / 2), content.length - 1500]) {
      await expect(verifyBackup(inMemory(content.subarray(0, length)))).rejects.toMatchObject({
        code: 'backup-broken',
      });
    }
    let refused = 0;
    const places = 200;
    for (let place = 0; place < places; place += 1) {
      const from = Math.trunc((place * (content.length - 1024)) / places);
      // Zeros fill up headers and members and may say nothing; every other byte says something.
      const at = content.findIndex((byte, index) => index >= from && byte !== 0);
      const changed = Buffer.from(content);
      changed[at] = (changed[at] ?? 0) ^ 0x40;
      await verifyBackup(inMemory(changed)).catch((error: { code: string }) => {
        expect(['backup-broken', 'newer-backup']).toContain(error.code);
        refused += 1;
      });
    }
    expect(refused).toBe(places);
  });

  test('of a newer program is refused by its name', async () => {
    await using source = await createTestDatabase();
    const { content } = await takeBackup(source, { program: '9.9.9' });
    const other = Buffer.from(content.toString('latin1').replace('parapet-backup/1', 'parapet-backup/7'), 'latin1');
    await expect(verifyBackup(inMemory(other))).rejects.toThrow('Parapet 9.9.9');
    await sql`insert into schema_migrations (name, program_version) values ('9999-later', '4.2.0')`.execute(source.db);
    const later = await takeBackup(source, { program: '4.2.0' });
    await using target = await createTestDatabase({ migrated: false });
    await expect(restoreInto(target, later.content)).rejects.toThrow('written by Parapet 4.2.0, which is newer');
  });
});
