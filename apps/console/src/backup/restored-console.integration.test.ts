import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TelemetryEvent } from '@parapet/contract/telemetry';
import { systemClock } from '@parapet/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createConfig } from '../config/config.ts';
import { parseEnvironment } from '../config/env.ts';
import { backUpStopped } from '../maintenance/back-up-stopped.ts';
import { readGaps } from '../telemetry/gaps.ts';
import { sendFrames, tellEvents } from '../telemetry/testing/tell-events.ts';
import { connectSensor, type Enrolled, enrolSensor, openChannel, type Place } from '../testing/fake-sensor.ts';
import { createSensorIdentity } from '../testing/sensor-identity.ts';
import {
  adminName,
  adminPassword,
  cookieOf,
  startTestConsole,
  type TestConsole,
  testHost,
} from '../testing/test-console.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { adjustRestored } from './after-restore.ts';
import { readDescriptor } from './archive-reader.ts';
import type { Sink } from './archive-writer.ts';
import { describeSource } from './backup-source.ts';
import { restoreConsole } from './restore-console.ts';
import { restoreInto } from './testing/backup-file.ts';
import { verifyBackup } from './verify-backup.ts';
import { writeBackup } from './write-backup.ts';

const passphrase = 'a passphrase for this test';
const startMs = Date.now() - 3_600_000;
const exec = (index: number): TelemetryEvent => ({
  ...{ '@timestamp': (startMs + index * 1000) * 1000, 'event.action': 'exec', 'process.name': 'nc' },
  'process.pid': 100 + index,
});

const stack = new AsyncDisposableStack();
afterAll(() => stack.disposeAsync());

const placeOf = ({ console }: TestConsole): Place => {
  const pem = readFileSync(join(console.platform.folder.keysDir, 'authority.pem'), 'utf8');
  return {
    port: console.port,
    authorityPem: /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/.exec(pem)?.[0] ?? '',
  };
};
const enrol = async (running: TestConsole): Promise<Enrolled> =>
  enrolSensor(placeOf(running), (await running.console.gateway.createLocalEnrolmentKey()).key);
const revoke = async (running: TestConsole, { answer }: Enrolled): Promise<void> => {
  const body = { username: adminName, password: adminPassword };
  const origin = { origin: `https://${testHost}` };
  const headers = cookieOf(await running.send({ method: 'POST', url: '/api/v1/session', headers: origin, body }));
  const url = `/api/v1/sensors/${answer.hostId}/revoke`;
  const { status } = await running.send({ method: 'POST', url, headers, body: { reason: 'lost' } });
  expect(status).toBe(204);
};
/** Exchanges the certificate and uses the new one, as a sensor does. */
const renew = async (running: TestConsole, enrolled: Enrolled): Promise<Enrolled> => {
  const sensor = await connectSensor(placeOf(running), enrolled);
  const next = await createSensorIdentity();
  sensor.say('control', { kind: 'renew', certificateRequestPem: next.certificateRequestPem });
  const { certificatePem } = await sensor.expect('renewed');
  sensor.terminate();
  const renewed = { ...next, answer: { ...enrolled.answer, certificatePem } };
  (await connectSensor(placeOf(running), renewed)).terminate();
  return renewed;
};
const refusal = async (running: TestConsole, { privateKeyPem, answer }: Enrolled) => {
  const sensor = await openChannel(placeOf(running), { privateKeyPem, certificatePem: answer.certificatePem });
  const refused = await sensor.expect('refused');
  sensor.terminate();
  return refused;
};
const isTaken = async (running: TestConsole, enrolled: Enrolled): Promise<void> =>
  (await connectSensor(placeOf(running), enrolled)).terminate();

const collect = (): { readonly sink: Sink; readonly content: () => Buffer } => {
  const chunks: Buffer[] = [];
  return { sink: async (bytes) => void chunks.push(bytes), content: () => Buffer.concat(chunks) };
};

/** A console restored from a backup into an own folder and database. */
const restoredFrom = async (content: Buffer): Promise<TestConsole> => {
  const database = stack.use(await createTestDatabase({ migrated: false }));
  const dataDir = mkdtempSync(join(tmpdir(), 'ppt-restored-'));
  stack.defer(() => rmSync(dataDir, { recursive: true, force: true }));
  const file = `${dataDir}.tar`;
  writeFileSync(file, content);
  stack.defer(() => rmSync(file));
  const environment = environmentOf(dataDir, database);
  await using handle = await open(file, 'r');
  await restoreConsole({
    ...{ config: createConfig(parseEnvironment(environment)), clock: systemClock, file: readDescriptor(handle.fd) },
    ...{ passphrase, withoutKeys: false, onStep: () => undefined },
  });
  return stack.use(await startTestConsole({ environment }));
};

const environmentOf = (dataDir: string, { address }: TestDatabase): Record<string, string> => ({
  PARAPET_DATA_DIR: dataDir,
  DATABASE_URL:
    address.kind === 'url'
      ? address.url
      : `postgres://${address.user}@/${address.database}?host=${encodeURIComponent(address.socketDir())}`,
});

const hunt = async (running: TestConsole) => {
  const since = new Date(startMs - 60_000).toISOString();
  const until = new Date(startMs + 600_000).toISOString();
  const query = { q: 'process.name = nc', since, until, limit: 100 };
  const { items, gaps } = await running.console.telemetry.hunts.events(query, null);
  return { pids: items.map((item) => Number(item['process.pid']) - 100).sort((a, b) => a - b), gaps };
};

let [known, revokedBefore, revokedAfter]: Enrolled[] = [];
let renewed: Enrolled;
let enrolledAfter: Enrolled;
let content: Buffer;
let restored: TestConsole;

beforeAll(async () => {
  const source = stack.use(await startTestConsole());
  await source.signInAdmin();
  known = await enrol(source);
  const rotating = await enrol(source);
  revokedBefore = await enrol(source);
  revokedAfter = await enrol(source);
  await revoke(source, revokedBefore);
  const { telemetry, platform } = source.console;
  await tellEvents(telemetry, known.answer.hostId, [[exec(1), exec(2)], [exec(3)]]);
  // Stored for the sensor, not in the files yet.
  await sendFrames(telemetry, known.answer.hostId, [[exec(4)]]);
  const { config, folder, database } = platform;
  const request = await describeSource(
    { config, folder, address: database.address, clock: systemClock },
    { origin: 'manual', passphrase, withFeeds: false, withEvents: true, settleEvents: telemetry.store.settle },
  );
  const taken = collect();
  await writeBackup(request, taken.sink);
  content = taken.content();
  await revoke(source, revokedAfter);
  renewed = await renew(source, rotating);
  enrolledAfter = await enrol(source);
  restored = await restoredFrom(content);
});

test('sensors of the backup are taken, with the certificates that they exchanged since', async () => {
  await isTaken(restored, known as Enrolled);
  await isTaken(restored, renewed);
  const row = await restored.console.platform.db
    .selectFrom('sensor_certificates')
    .select('host_id')
    .where('host_id', '=', renewed.answer.hostId)
    .where('revoked_at', 'is', null)
    .execute();
  expect(row).toHaveLength(1);
});

test('what was revoked stays revoked; what was revoked after the backup must be revoked again', async () => {
  expect(await refusal(restored, revokedBefore as Enrolled)).toMatchObject({ code: 'revoked', final: true });
  await isTaken(restored, revokedAfter as Enrolled);
  await revoke(restored, revokedAfter as Enrolled);
  expect(await refusal(restored, revokedAfter as Enrolled)).toMatchObject({ code: 'revoked', final: true });
});

test('a host that enrolled after the backup is told so, and enrols anew', async () => {
  await expect(isTaken(restored, enrolledAfter)).rejects.toThrow('was enrolled after the backup');
  const again = await enrol(restored);
  expect(again.answer.hostId).not.toBe(enrolledAfter.answer.hostId);
  await isTaken(restored, again);
});

test('events come along when they were asked for, from a running console and from one that stands still', async () => {
  expect(await hunt(restored)).toMatchObject({ pids: [1, 2, 3, 4], gaps: expect.not.arrayContaining([store]) });
  const { telemetry, platform } = restored.console;
  const { hostId } = (known as Enrolled).answer;
  expect(telemetry.port.position(hostId)).toEqual({ epoch: 1, seq: 3 });
  await sendFrames(telemetry, hostId, [[exec(5)]]);
  const { config } = platform;
  await restored.console[Symbol.asyncDispose]();
  const taken = collect();
  await backUpStopped(config, { passphrase, withFeeds: false, withEvents: true }, taken.sink, () => undefined);
  const second = await restoredFrom(taken.content());
  await second.console.telemetry.store.settle();
  expect((await hunt(second)).pids).toEqual([1, 2, 3, 4, 5]);
});

const store = expect.objectContaining({ collector: 'store' });

test('events that were not taken along are a gap that hunts tell', async () => {
  await using target = await createTestDatabase({ migrated: false });
  const { manifest } = await verifyBackup({ readAt: async (at, length) => content.subarray(at, at + length) });
  expect(manifest.hasEvents).toBe(true);
  await restoreInto(target, content, (db) => adjustRestored(db, { ...manifest, files: [] }, new Date()));
  const gaps = await readGaps(target.db, { from: startMs - 1000, to: startMs + 10_000 }, null);
  expect(gaps.filter(({ collector }) => collector === 'store')).toEqual([
    {
      collector: 'store',
      from: new Date(startMs + 1000).toISOString(),
      to: new Date(startMs + 4000).toISOString(),
      deleted: 4,
      cause: 'not in the backup from which this console was restored',
    },
  ]);
  expect(await target.db.selectFrom('telemetry_files').selectAll().execute()).toEqual([]);
});
