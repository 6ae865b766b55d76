import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createManualClock } from '@parapet/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestConsole, type TestConsole } from '../testing/test-console.ts';
import { createDiskWatch } from './disk.ts';

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
