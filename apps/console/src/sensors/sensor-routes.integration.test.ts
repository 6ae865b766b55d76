import { randomUUID } from 'node:crypto';
import { type SensorSort, sensorRoutes, skewLimitMs } from '@parapet/contract/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectSensor, type Enrolled, enrolSensor } from '../testing/fake-sensor.ts';
import { hostRecord } from '../testing/records.ts';
import { requestOf } from '../testing/route-request.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { startTestGateway, type TestGateway } from '../testing/test-gateway.ts';
import type { SensorRoutes } from './sensor-routes.ts';

let database: TestDatabase;
let gateway: TestGateway;
let routes: SensorRoutes;
let prod: Enrolled;
let lab: Enrolled;

beforeAll(async () => {
  database = await createTestDatabase();
  gateway = await startTestGateway(database.db);
  routes = gateway.gateway.routes;
  const enrol = async (name: string, env: string): Promise<Enrolled> =>
    enrolSensor(gateway, (await gateway.key({ zone: `zone-${env}`, labels: { env } })).secret, {
      evidence: { hostname: name },
    });
  prod = await enrol('web_1', 'prod');
  lab = await enrol('box-2', 'lab');
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const onlyProd = { env: ['prod'] };
const listQuery = { includeRevoked: false, sort: 'name', direction: 'up', limit: 100 } as const;

test('sensors are listed with their zone, labels and certificate, within the scope', async () => {
  const all = await routes['sensors.list'](requestOf({ query: listQuery }));
  expect(all.items.map((sensor) => sensor.hostname)).toEqual(['box-2', 'web_1']);
  expect(sensorRoutes['sensors.list'].response.parse(all).items[1]).toMatchObject({
    hostId: prod.answer.hostId,
    presence: 'unknown',
    zone: 'zone-prod',
    labels: { env: 'prod' },
    enrolment: 'new',
  });
  const some = await routes['sensors.list'](requestOf({ query: listQuery }, onlyProd));
  expect(some.items.map((sensor) => sensor.hostname)).toEqual(['web_1']);
});

test('a search takes its text literally', async () => {
  const found = async (q: string) =>
    (await routes['sensors.list'](requestOf({ query: { ...listQuery, q } }))).items.map((sensor) => sensor.hostname);
  expect(await found('WEB_')).toEqual(['web_1']);
  expect(await found('b_x')).toEqual([]);
  expect(await found('%')).toEqual([]);
});

test('pages follow an order in both directions, and each sensor is on one of them', async () => {
  const pages = async (sort: SensorSort, direction: 'up' | 'down'): Promise<readonly string[]> => {
    const names: string[] = [];
    for (let after: string | undefined, page = 0; page < 4; page += 1) {
      const query = { ...listQuery, sort, direction, limit: 1, ...(after === undefined ? {} : { after }) };
      const listed = await routes['sensors.list'](requestOf({ query }));
      expect(listed).toMatchObject({ total: 2, totalIsMinimum: false, counts: { unknown: 2, online: 0, troubled: 0 } });
      names.push(...listed.items.map((sensor) => sensor.hostname));
      after = listed.next;
      if (after === undefined) break;
    }
    return names;
  };
  await database.db
    .updateTable('sensors')
    .set({ rss_bytes: 5, queued: 2, skew_ms: -skewLimitMs - 1 })
    .where('host_id', '=', prod.answer.hostId)
    .execute();
  for (const [sort, up] of [
    ['name', ['box-2', 'web_1']],
    ['queue', ['box-2', 'web_1']],
    ['troubles', ['box-2', 'web_1']],
    ['enrolled', ['web_1', 'box-2']],
  ] as const) {
    expect(await pages(sort, 'up'), sort).toEqual(up);
    expect(await pages(sort, 'down'), sort).toEqual(up.toReversed());
  }
  // What one does not tell is last in both directions; with more trouble it is more urgent.
  expect(await pages('memory', 'up')).toEqual(['web_1', 'box-2']);
  expect(await pages('memory', 'down')).toEqual(['web_1', 'box-2']);
  expect(await pages('presence', 'up')).toEqual(['web_1', 'box-2']);
  const { next } = await routes['sensors.list'](requestOf({ query: { ...listQuery, limit: 1 } }));
  const other = { ...listQuery, sort: 'seen' as const, after: next };
  await expect(routes['sensors.list'](requestOf({ query: other }))).rejects.toMatchObject({ status: 400 });
});

test('one sensor comes with its blind spans and losses', async () => {
  const { hostId } = prod.answer;
  const now = new Date();
  const past = new Date(now.getTime() - 30 * 86_400_000);
  const blind = { host_id: hostId, collector: 'process', cause: 'overflow' };
  await database.db
    .insertInto('blind_intervals')
    .values([
      { ...blind, key: 'open', started_at: past },
      { ...blind, key: 'old', started_at: past, ended_at: past },
    ])
    .execute();
  const loss = { host_id: hostId, collector: 'process', stage: 'ring', cause: 'full', first_at: now, last_at: now };
  await database.db
    .insertInto('losses')
    .values([
      { ...loss, run_id: randomUUID(), lost: 2 },
      { ...loss, run_id: randomUUID(), lost: 3 },
      { ...loss, collector: 'activity', kind: 'events', run_id: randomUUID(), lost: 11 },
      { ...loss, cause: 'arguments', kind: 'arguments', run_id: randomUUID(), lost: 100 },
    ])
    .execute();
  const sensor = sensorRoutes['sensors.get'].response.parse(
    await routes['sensors.get'](requestOf({ params: { hostId } }, onlyProd)),
  );
  expect(sensor.blind).toHaveLength(1);
  expect(sensor.losses.map(({ kind, lost }) => [kind, lost]).sort()).toEqual([
    ['arguments', 100],
    ['events', 11],
    ['records', 5],
  ]);
  expect(sensor).toMatchObject({ lostEvents: 11, lostRecords: 5 });
});

test('what lies outside the scope is not found, and not touched', async () => {
  const params = { hostId: lab.answer.hostId };
  await expect(routes['sensors.get'](requestOf({ params }, onlyProd))).rejects.toMatchObject({ status: 404 });
  await expect(routes['sensors.revoke'](requestOf({ params, body: { reason: 'x' } }, onlyProd))).rejects.toMatchObject({
    status: 404,
  });
  await expect(routes['sensors.resync'](requestOf({ params }, onlyProd))).rejects.toMatchObject({ status: 404 });
  const row = await database.db
    .selectFrom('sensors')
    .select('presence')
    .where('host_id', '=', params.hostId)
    .executeTakeFirst();
  expect(row?.presence).toBe('unknown');
});

test('a resync reaches the connected sensor; without a connection it says so', async () => {
  const params = { hostId: prod.answer.hostId };
  await expect(routes['sensors.resync'](requestOf({ params }))).rejects.toMatchObject({ status: 404 });
  const sensor = await connectSensor(gateway, prod);
  await routes['sensors.resync'](requestOf({ params }));
  await sensor.expect('resync');
  const begin = { kind: 'snapshot-begin', bootId: 'b', takenAt: 1 };
  sensor.frame('inventory', 1, 1, [begin, { kind: 'put', record: hostRecord() }, { kind: 'snapshot-end', records: 1 }]);
  await sensor.expect('flow', (flow) => flow.epoch === 1 && flow.acked === 1);
  sensor.terminate();
});

test('a revoked sensor is hidden unless asked for', async () => {
  const enrolled = await enrolSensor(gateway, (await gateway.key()).secret, { evidence: { hostname: 'gone' } });
  const params = { hostId: enrolled.answer.hostId };
  await routes['sensors.revoke'](requestOf({ params, body: { reason: 'lost' } }));
  const names = async (includeRevoked: boolean) =>
    (await routes['sensors.list'](requestOf({ query: { ...listQuery, includeRevoked } }))).items.map(
      (sensor) => sensor.hostname,
    );
  expect(await names(false)).not.toContain('gone');
  expect(await names(true)).toContain('gone');
});

test('a key is made with a command that keeps it out of the arguments, is listed without it, and can be revoked', async () => {
  const body = { name: 'rack 4', zone: 'default', labels: {}, expiresInHours: 1, maxUses: 2 };
  const made = await routes['enrolmentKeys.create'](requestOf({ body }));
  expect(sensorRoutes['enrolmentKeys.create'].response.parse(made).key.state).toBe('usable');
  expect(made.command).toBe(
    `PARAPET_ENROLMENT_KEY=${made.secret} ./parapet sensor --console https://console.example:8443 --authority-pin ${gateway.authority.pin}`,
  );
  const enrolled = await enrolSensor(gateway, made.secret);
  expect(enrolled.answer.outcome).toBe('new');
  const listed = await routes['enrolmentKeys.list'](requestOf({}));
  expect(listed.items[0]).toMatchObject({ name: 'rack 4', uses: 1, maxUses: 2, createdBy: 'admin' });
  expect(JSON.stringify(listed)).not.toContain(made.secret);
  await routes['enrolmentKeys.revoke'](requestOf({ params: { keyId: made.key.id } }));
  await expect(enrolSensor(gateway, made.secret)).rejects.toThrow(/key-revoked/);
  const stored = await database.db.selectFrom('enrolment_keys').selectAll().execute();
  expect(JSON.stringify(stored)).not.toContain(made.secret);
  await expect(routes['enrolmentKeys.revoke'](requestOf({ params: { keyId: randomUUID() } }))).rejects.toMatchObject({
    status: 404,
  });
});
