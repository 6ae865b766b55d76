import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createManualClock } from '@parapet/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createInventory } from '../findings/testing/inventory.ts';
import { startTestConsole, type TestConsole } from '../testing/test-console.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import { createDiskWatch } from './disk.ts';
import { readTrust } from './trust.ts';

let running: TestConsole;
beforeAll(async () => {
  running = await startTestConsole();
});
afterAll(() => running[Symbol.asyncDispose]());

describe('metrics', () => {
  const from = (remoteAddress: string, headers: Readonly<Record<string, string>> = {}) =>
    running.console.web.app.inject({ method: 'GET', url: '/metrics', remoteAddress, headers });

  test('are for this machine, and for tokens that may read the system’s state', async () => {
    expect((await from('127.0.0.1')).statusCode).toBe(200);
    expect((await from('::1')).statusCode).toBe(200);
    expect((await from('192.0.2.7')).statusCode).toBe(401);
    // A proxy on this machine speaks for others.
    expect((await from('127.0.0.1', { 'x-forwarded-for': '192.0.2.7' })).statusCode).toBe(401);
    expect((await from('192.0.2.7', await running.tokenOf({ role: 'viewer' }))).statusCode).toBe(200);
    const blind = await running.tokenOf({ role: 'viewer', permissions: ['assets:read'] });
    expect((await from('192.0.2.7', blind)).statusCode).toBe(403);
    expect((await from('192.0.2.7', { authorization: 'Bearer ppt_wrong' })).statusCode).toBe(401);
  });

  test('hold what a watcher needs, by route pattern and never by what was asked', async () => {
    await running.send({ method: 'GET', url: '/api/v1/assets/00000000-0000-4000-8000-0000000000ff' });
    await running.send({ method: 'GET', url: '/no/such/page-of-somebody.php' });
    const { body } = await from('127.0.0.1');
    for (const name of [
      'parapet_database_up 1',
      'parapet_sensors_connected 0',
      'parapet_ingest_records_total 0',
      'parapet_info{version="0.1.0"} 1',
      'parapet_jobs{queue="people.clean",state="waiting"} 0',
      'parapet_http_request_duration_seconds_count{route="/api/v1/assets/:assetId",status="4xx"}',
      'parapet_process_resident_memory_bytes',
      'parapet_disk_used_ratio 0.',
      'parapet_disk_state ',
    ])
      expect.soft(body).toContain(name);
    expect(body).not.toContain('page-of-somebody');
    expect(body).not.toContain('0000000000ff');
  });
});

test('the status tells of stores, queues, disk and memory', async () => {
  const headers = await running.tokenOf({ role: 'viewer' });
  const { status, json } = await running.send({ method: 'GET', url: '/api/v1/status', headers });
  expect(status).toBe(200);
  expect(json).toMatchObject({
    name: 'test console',
    stores: [
      { name: 'database', state: 'ok' },
      { name: 'events', state: 'ok' },
    ],
    ingest: { connectedSensors: 0, refusedFrames: 0 },
    losses: [],
    blind: [],
  });
  expect(json.memory.copies.map(({ name, state }: { name: string; state: string }) => [name, state])).toEqual([
    ['findings', expect.stringMatching(/^(reading|ready)$/)],
    ['assets', 'ready'],
    ['connections', 'ready'],
  ]);
  expect(json.disk.totalBytes).toBeGreaterThan(json.disk.freeBytes);
  expect(json.disk.dataBytes).toBeGreaterThan(0);
  expect(json.queues.map(({ name }: { name: string }) => name)).toContain('people.clean');
});

test('the trust signs start empty and honest', async () => {
  const headers = await running.tokenOf({ role: 'viewer' });
  const { json } = await running.send({ method: 'GET', url: '/api/v1/trust', headers });
  expect(json).toMatchObject({
    feeds: { state: 'none' },
    hosts: { total: 0, silent: 0 },
    lostEvents: 0,
    lostRecords: 0,
    blindHosts: 0,
    disk: { state: expect.stringMatching(/^(ok|tight|full)$/), usedShare: expect.any(Number) },
  });
});

test('each host counts once, whatever it lost and however often it is blind, and only within the scope', async () => {
  await using database = await createTestDatabase();
  const { db } = database;
  const inventory = createInventory(db);
  const now = new Date('2026-11-28T10:00:00Z');
  const lossy = await inventory.host('lossy', { team: 'a' });
  const quiet = await inventory.host('quiet', { team: 'b' });
  const away = await inventory.host('away', { team: 'b' });
  await db.updateTable('sensors').set({ presence: 'removed' }).where('host_id', '=', away).execute();
  await db.updateTable('sensors').set({ presence: 'unknown' }).where('host_id', '=', quiet).execute();
  const loss = { run_id: randomUUID(), collector: 'network', stage: 'kernel', first_at: now, last_at: now };
  await db
    .insertInto('losses')
    .values([
      { ...loss, host_id: lossy, cause: 'one', kind: 'events', lost: 7 },
      { ...loss, host_id: lossy, cause: 'two', kind: 'events', lost: 5 },
      { ...loss, host_id: lossy, cause: 'three', kind: 'records', lost: 3 },
      {
        ...loss,
        host_id: lossy,
        cause: 'long ago',
        kind: 'events',
        lost: 9,
        last_at: new Date('2026-11-01T00:00:00Z'),
      },
      { ...loss, host_id: away, cause: 'one', kind: 'events', lost: 100 },
    ])
    .execute();
  const blind = { collector: 'network', started_at: now, ended_at: null, cause: 'test' };
  await db
    .insertInto('blind_intervals')
    .values([
      { ...blind, host_id: lossy, key: 'first' },
      { ...blind, host_id: lossy, key: 'second' },
      { ...blind, host_id: quiet, key: 'over', ended_at: now },
    ])
    .execute();
  expect(await readTrust(db, now.getTime(), null)).toMatchObject({
    hosts: { total: 2, silent: 1 },
    ...{ lostEvents: 12, lostRecords: 3, blindHosts: 1 },
  });
  expect(await readTrust(db, now.getTime(), { team: ['b'] })).toMatchObject({
    hosts: { total: 1, silent: 1 },
    ...{ lostEvents: 0, lostRecords: 0, blindHosts: 0 },
  });
});

test('the size of the data folder is what lies in it, and is not walked for every question', async () => {
  const root = await mkdtemp(join(tmpdir(), 'ppt-disk-'));
  await mkdir(join(root, 'a/b'), { recursive: true });
  await writeFile(join(root, 'a/b/c'), Buffer.alloc(1_000));
  await writeFile(join(root, 'd'), Buffer.alloc(500));
  const clock = createManualClock();
  const disk = createDiskWatch({ root, clock });
  expect((await disk.figures()).dataBytes).toBe(1_500);
  await writeFile(join(root, 'e'), Buffer.alloc(500));
  expect((await disk.figures()).dataBytes).toBe(1_500);
  clock.advance(60_001);
  expect((await disk.figures()).dataBytes).toBe(2_000);
  await rm(root, { recursive: true });
});
