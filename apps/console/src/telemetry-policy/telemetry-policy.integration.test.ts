import { telemetryPolicyRoutes } from '@parapet/contract/api';
import { actionVocabulary, TelemetryRules } from '@parapet/contract/telemetry';
import { systemClock } from '@parapet/core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { AuditRecord } from '../audit/audit-record.ts';
import { silentLog } from '../logging/log.ts';
import { connectSensor, type Enrolled, enrolSensor, type FakeSensor } from '../testing/fake-sensor.ts';
import { containerRecord, hostRecord } from '../testing/records.ts';
import { requestOf } from '../testing/route-request.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { startTestGateway, type TestGateway } from '../testing/test-gateway.ts';
import { createTelemetryPolicyFeature, type TelemetryPolicyFeature } from './feature.ts';

const soon = { timeout: 180_000, interval: 20 };
const none = { digest: 'default', off: [] };
const rule = (more: object = {}) => ({ name: 'no ends', actions: ['exit'], keep: 0, ...more });

let database: TestDatabase;
let feature: TelemetryPolicyFeature;
let gateway: TestGateway;
let shop: Enrolled;
let lab: Enrolled;
let old: Enrolled;
const audit: AuditRecord[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  feature = createTelemetryPolicyFeature({
    ...{ db: database.db, clock: systemClock, log: silentLog, live: { publish: () => undefined } },
    lookEveryMs: 200,
    audit: { record: async (entry) => void audit.push(entry) },
  });
  gateway = await startTestGateway(database.db, { policies: feature.port });
  const enrol = async (name: string, env: string): Promise<Enrolled> =>
    enrolSensor(gateway, (await gateway.key({ labels: { env } })).secret, { evidence: { hostname: name } });
  shop = await enrol('shop', 'prod');
  lab = await enrol('lab', 'lab');
  old = await enrol('old', 'prod');
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await feature[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const update = (basedOn: number, rules: readonly object[]) =>
  feature.handlers['telemetryPolicy.update'](requestOf({ body: { basedOn, rules: TelemetryRules.parse(rules) } }));
const ofHost = async ({ answer }: Enrolled) =>
  telemetryPolicyRoutes['telemetryPolicy.ofHost'].response.parse(
    await feature.handlers['telemetryPolicy.ofHost'](requestOf({ params: { hostId: answer.hostId } })),
  );
const beat = (sensor: FakeSensor, policy: object): void =>
  sensor.say('control', {
    ...{ kind: 'heartbeat', sentAt: Date.now(), rssBytes: 1, anonymousBytes: 1, cpuCores: 0, queued: 0, queueAgeMs: 0 },
    ...{ digest: '0'.repeat(16), position: { epoch: 0, seq: 0 }, policy },
  });

test('what people say is recorded is sent to the sensors that it is for, and seen to be followed', async () => {
  const shopSensor = await connectSensor(gateway, shop, { policy: none });
  const labSensor = await connectSensor(gateway, lab, { policy: none });
  const oldSensor = await connectSensor(gateway, old);
  expect(await ofHost(shop)).toMatchObject({ version: 0, rules: [], standing: 'followed' });

  const first = await update(0, [rule(), rule({ name: 'lab only', actions: ['connect'], hosts: { env: ['lab'] } })]);
  expect(first).toMatchObject({ version: 1, changedBy: expect.any(String) });
  const forShop = await shopSensor.expect('telemetry-policy');
  const forLab = await labSensor.expect('telemetry-policy');
  expect([forShop.rules.length, forLab.rules.length]).toEqual([1, 2]);
  expect(await ofHost(shop)).toMatchObject({ version: 1, standing: 'on-its-way' });
  beat(shopSensor, { digest: forShop.digest, off: ['exit', 'an action of tomorrow'] });
  await expect.poll(() => ofHost(shop), soon).toMatchObject({ standing: 'followed', off: ['exit'] });
  beat(labSensor, { digest: 'default', off: [], vocabulary: actionVocabulary, problem: 'It does not understand.' });
  await expect
    .poll(() => ofHost(lab), soon)
    .toMatchObject({
      standing: 'unable',
      unknown: [],
      problem: 'It does not understand.',
      rules: [{}, { name: 'lab only' }],
    });
  expect(await ofHost(old)).toMatchObject({ standing: 'unable' });
  const status = telemetryPolicyRoutes['telemetryPolicy.get'].response.parse(
    await feature.handlers['telemetryPolicy.get'](requestOf({})),
  );
  expect(status.hosts).toEqual({ followed: 1, 'on-its-way': 0, waiting: 0, unable: 2 });
  expect(status.unknown).toEqual([{ action: 'datagram', hosts: 2 }]);
  const scoped = await feature.handlers['telemetryPolicy.get'](requestOf({}, { env: ['lab'] }));
  expect(scoped.hosts).toMatchObject({ followed: 0, unable: 1 });
  expect(audit.at(-1)).toMatchObject({ action: 'telemetryPolicy.update', details: { before: [], after: [{}, {}] } });

  // Other labels of a host may ask for other rules.
  await database.db
    .updateTable('assets')
    .set({ people_labels: JSON.stringify({ env: 'retired' }) })
    .where('id', '=', lab.answer.hostId)
    .execute();
  expect((await labSensor.expect('telemetry-policy')).digest).toBe(forShop.digest);

  // A sensor that does not know policies is not sent any, whatever changes.
  await update(1, [rule(), rule({ name: 'no mounts', actions: ['mount'] })]);
  await shopSensor.expect('telemetry-policy', ({ rules }) => rules.length === 2);
  expect(oldSensor.messages.some(({ kind }) => kind === 'telemetry-policy')).toBe(false);
  for (const sensor of [shopSensor, labSensor, oldSensor]) sensor.terminate();
});

test('a sensor that comes back is sent what it missed, and nothing that it has', async () => {
  const { digest } = await sentTo(shop, none);
  const again = await connectSensor(gateway, shop, { policy: { digest, off: ['exit'] } });
  const { version, rules } = await feature.handlers['telemetryPolicy.get'](requestOf({}));
  await update(version, [...rules, rule({ name: 'no logins', actions: ['login'] })]);
  const next = await again.expect('telemetry-policy');
  expect(next.rules.length).toBe(3);
  expect(again.messages.filter(({ kind }) => kind === 'telemetry-policy').length).toBe(1);
  again.terminate();
});

const sentTo = async (enrolled: Enrolled, policy: { digest: string; off: string[] }) => {
  const sensor = await connectSensor(gateway, enrolled, { policy });
  const sent = await sensor.expect('telemetry-policy');
  sensor.terminate();
  return sent;
};

test('of two people who change the same version one is told so, and earlier versions stay', async () => {
  const { version } = await feature.handlers['telemetryPolicy.get'](requestOf({}));
  const outcomes = await Promise.allSettled([update(version, [rule()]), update(version, [])]);
  expect(outcomes.map(({ status }) => status).toSorted()).toEqual(['fulfilled', 'rejected']);
  await expect(update(version, [])).rejects.toMatchObject({ status: 409 });
  const { items } = await feature.handlers['telemetryPolicy.versions']();
  expect(items[0]?.version).toBe(version + 1);
  const earlier = await feature.handlers['telemetryPolicy.version'](requestOf({ params: { version: 1 } }));
  expect(earlier).toMatchObject({ version: 1, rules: [{ name: 'no ends' }, { name: 'lab only' }] });
  await expect(
    feature.handlers['telemetryPolicy.version'](requestOf({ params: { version: version + 9 } })),
  ).rejects.toMatchObject({ status: 404 });
});

test('a preview counts what rules would touch', async () => {
  const sensor = await connectSensor(gateway, shop, { policy: none });
  const web = containerRecord('web', { imageName: 'registry.example/shop/web:2', labels: { tier: 'front' } });
  sensor.frame('inventory', 1, 1, [
    { kind: 'snapshot-begin', bootId: 'boot-1', takenAt: Date.now() },
    ...[hostRecord(), web].map((record) => ({ kind: 'put', record })),
    { kind: 'snapshot-end', records: 2 },
  ]);
  const preview = async (...rules: readonly object[]) =>
    feature.handlers['telemetryPolicy.preview'](requestOf({ body: { rules: TelemetryRules.parse(rules) } }));
  await expect
    .poll(async () => (await preview(rule({ images: ['registry.example/shop/*'] }))).rules, soon)
    .toEqual([{ name: 'no ends', hosts: 1, containers: 1 }]);
  expect(
    await preview(
      rule({ labels: { tier: ['back'] } }),
      rule({ hosts: { env: ['retired'] } }),
      rule({ where: 'host' }),
      rule(),
    ),
  ).toMatchObject({
    rules: [
      { hosts: 0, containers: 0 },
      { hosts: 1, containers: 0 },
      { hosts: 3, containers: 0 },
      { hosts: 3, containers: 1 },
    ],
    off: ['exit'],
  });
  sensor.terminate();
});

/** What a sensor of before `datagram` answered to rules that name it, byte for byte, and what it followed: the rest of them. */
const beforeDatagram = '{"digest":"387d8d12cfb6bd1b","off":["exit"]}';

test('a sensor that does not know an action follows the rest of a policy that names it, and it is said what it does not record', async () => {
  const sensor = await connectSensor(gateway, shop, { policy: none });
  const { version } = await feature.handlers['telemetryPolicy.get'](requestOf({}));
  await update(version, [
    { name: 'one in ten datagrams', actions: ['datagram', 'exit'], keep: 0 },
    { name: 'datagrams alone', actions: ['datagram'], keep: 1, perSecond: 5 },
  ]);
  const answer = JSON.parse(beforeDatagram);
  await sensor.expect('telemetry-policy', ({ digest }) => digest === answer.digest);
  beat(sensor, answer);
  await expect
    .poll(() => ofHost(shop), soon)
    .toMatchObject({ standing: 'followed', off: ['exit'], unknown: ['datagram'] });
  beat(sensor, { ...answer, vocabulary: actionVocabulary + 1 });
  await expect.poll(() => ofHost(shop), soon).toMatchObject({ standing: 'followed', unknown: [] });
  sensor.terminate();
});
