import { randomUUID } from 'node:crypto';
import { request } from 'node:https';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { digestText, encodeFrame, recordHash, sensorChannelPath, sensorServerName } from '@parapet/contract/wire';
import { createManualClock } from '@parapet/core';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import {
  connectSensor,
  type Enrolled,
  enrolSensor,
  helloOf,
  openChannel,
  postEnrolment,
} from '../testing/fake-sensor.ts';
import { hostRecord, listenerRecord } from '../testing/records.ts';
import { requestOf } from '../testing/route-request.ts';
import { createSensorIdentity } from '../testing/sensor-identity.ts';
import { createTestDatabase, type TestDatabase } from '../testing/test-database.ts';
import { startTestGateway, type TestGateway } from '../testing/test-gateway.ts';

let database: TestDatabase;
let gateway: TestGateway;
beforeAll(async () => {
  database = await createTestDatabase();
  gateway = await startTestGateway(database.db);
});
afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await database[Symbol.asyncDispose]();
});

const enrol = async (part: Parameters<typeof enrolSensor>[2] = {}): Promise<Enrolled> =>
  enrolSensor(gateway, (await gateway.key()).secret, part);

const certificateOf = (enrolled: Enrolled) => ({
  privateKeyPem: enrolled.privateKeyPem,
  certificatePem: enrolled.answer.certificatePem,
});

const sensorRow = (hostId: string) =>
  database.db.selectFrom('sensors').selectAll().where('host_id', '=', hostId).executeTakeFirstOrThrow();

const begin = { kind: 'snapshot-begin', bootId: 'boot-1', takenAt: 1 };
const put = (record: object) => ({ kind: 'put', record });
const end = (records: number) => ({ kind: 'snapshot-end', records });

/** Resolves once the condition holds. */
const until = (condition: () => Promise<boolean> | boolean): Promise<void> =>
  vi.waitFor(
    async () => {
      if (!(await condition())) throw new Error('not yet');
    },
    { timeout: 20_000, interval: 20 },
  );

const auditedCodes = (hostId: string): unknown[] =>
  gateway.audit.filter((entry) => entry.target === hostId).map((entry) => entry.details?.['code']);

describe('the port', () => {
  test('a browser meets the web server, and is never asked for a certificate', async () => {
    const text = await new Promise<string>((resolve, reject) => {
      const outgoing = request(
        { host: '127.0.0.1', port: gateway.port, servername: 'localhost', ca: gateway.authorityPem, agent: false },
        (incoming) => {
          incoming.setEncoding('utf8');
          incoming.on('data', resolve);
        },
      );
      outgoing.on('error', reject);
      outgoing.end();
    });
    expect(text).toBe('web');
  });

  test('what is no TLS is turned away', async () => {
    const refusedBefore = gateway.gateway.figures().connectionsRefused;
    const socket = connect(gateway.port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await new Promise((resolve) => socket.once('close', resolve));
    expect(gateway.gateway.figures().connectionsRefused).toBe(refusedBefore + 1);
  });
});

describe('enrolment', () => {
  test('a key enrols a host into its zone and labels, and is counted', async () => {
    const key = await gateway.key({ zone: 'dmz', labels: { env: 'prod' }, maxUses: 1 });
    const enrolled = await enrolSensor(gateway, key.secret, { evidence: { hostname: 'web-1' } });
    expect(enrolled.answer.outcome).toBe('new');
    const asset = await database.db
      .selectFrom('assets')
      .select(['name', 'zone', 'effective_labels', 'kind'])
      .where('id', '=', enrolled.answer.hostId)
      .executeTakeFirst();
    expect(asset).toEqual({ name: 'web-1', zone: 'dmz', effective_labels: { env: 'prod' }, kind: 'host' });
    await expect(enrolSensor(gateway, key.secret)).rejects.toThrow(/key-used-up/);
  });

  test('unknown, expired and revoked keys are refused and audited', async () => {
    const expired = await gateway.key({ expiresAt: new Date(Date.now() - 1) });
    const revoked = await gateway.key();
    await database.db
      .updateTable('enrolment_keys')
      .set({ revoked_at: new Date() })
      .where('id', '=', revoked.id)
      .execute();
    await expect(enrolSensor(gateway, 'x'.repeat(32))).rejects.toThrow(/key-unknown/);
    await expect(enrolSensor(gateway, expired.secret)).rejects.toThrow(/key-expired/);
    await expect(enrolSensor(gateway, revoked.secret)).rejects.toThrow(/key-revoked/);
    const codes = gateway.audit
      .filter((entry) => entry.action === 'sensor.enrol')
      .map((entry) => entry.details?.['code']);
    expect(codes).toEqual(expect.arrayContaining(['key-unknown', 'key-expired', 'key-revoked']));
  });

  test('text that the database cannot hold is enrolled with a replacement', async () => {
    const enrolled = await enrol({ evidence: { hostname: 'a\0b\ud800' }, sensorVersion: '1\0' });
    const row = await database.db
      .selectFrom('assets')
      .select('name')
      .where('id', '=', enrolled.answer.hostId)
      .executeTakeFirst();
    expect(row?.name).toBe('a\u{fffd}b\u{fffd}');
    const sensor = await connectSensor(gateway, enrolled, { bootId: 'x\0', sensorVersion: '\0' });
    sensor.terminate();
  });

  test('a last use is given out once, however many ask at the same time', async () => {
    const key = await gateway.key({ maxUses: 3 });
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => enrolSensor(gateway, key.secret)));
    expect(tries.filter((one) => one.status === 'fulfilled')).toHaveLength(3);
  });

  test('malformed and oversized requests are refused', async () => {
    expect((await postEnrolment(gateway, '{"key":')).status).toBe(400);
    expect((await postEnrolment(gateway, { key: 'x'.repeat(32) })).status).toBe(400);
    const big = await postEnrolment(gateway, ' '.repeat(100_000)).catch((error: Error) => error);
    expect(big instanceof Error || big.status === 413).toBe(true);
  });

  test('with the old key it is the same host; the old certificate no longer counts', async () => {
    const first = await enrol();
    const next = await createSensorIdentity();
    const again = await enrolSensor(
      gateway,
      (await gateway.key()).secret,
      { previous: { certificatePem: first.answer.certificatePem, proof: first.prove(next.certificateRequestPem) } },
      next,
    );
    expect(again.answer).toMatchObject({ hostId: first.answer.hostId, outcome: 'same' });
    const old = await openChannel(gateway, certificateOf(first));
    expect(await old.expect('refused')).toMatchObject({ code: 'revoked', final: true });
  });

  test('a certificate without its key proves nothing', async () => {
    const victim = await enrol();
    const thief = await createSensorIdentity();
    const stolen = await enrolSensor(
      gateway,
      (await gateway.key()).secret,
      { previous: { certificatePem: victim.answer.certificatePem, proof: thief.prove(thief.certificateRequestPem) } },
      thief,
    );
    expect(stolen.answer.outcome).toBe('new');
  });

  test('by evidence: a silent host is taken over, a living one makes a clone of the newcomer', async () => {
    const evidence = { hostname: 'ev', machineId: randomUUID().replaceAll('-', '') };
    const first = await enrol({ evidence });
    const second = await enrol({ evidence });
    expect(second.answer).toMatchObject({ hostId: first.answer.hostId, outcome: 'taken-over' });
    const living = await connectSensor(gateway, second);
    const third = await enrol({ evidence });
    expect(third.answer.outcome).toBe('clone');
    expect(third.answer.hostId).not.toBe(first.answer.hostId);
    living.terminate();
  });

  test('too many failures from one address are slowed down', async () => {
    await using own = await createTestDatabase();
    await using other = await startTestGateway(own.db);
    const statuses: number[] = [];
    for (let at = 0; at < 15; at += 1) statuses.push((await postEnrolment(other, '{}')).status);
    expect(statuses.slice(0, 10)).toEqual(Array(10).fill(400));
    expect(statuses.at(-1)).toBe(429);
  });
});

describe('who may open the channel', () => {
  test('no certificate, one of another authority, an unknown one: refused and audited', async () => {
    await expect(openChannel(gateway, undefined)).rejects.toThrow(/401.*certificate-missing/);
    await using own = await createTestDatabase();
    await using other = await startTestGateway(own.db);
    const stranger = await enrolSensor(other, (await other.key()).secret);
    await expect(openChannel(gateway, certificateOf(stranger))).rejects.toThrow(/401.*certificate-untrusted/);
    const forgotten = await enrol();
    await database.db.deleteFrom('sensor_certificates').where('host_id', '=', forgotten.answer.hostId).execute();
    await expect(openChannel(gateway, certificateOf(forgotten))).rejects.toThrow(/401.*certificate-unknown/);
    expect(gateway.audit.map((entry) => entry.details?.['code'])).toEqual(
      expect.arrayContaining(['certificate-missing', 'certificate-untrusted', 'certificate-unknown']),
    );
  });

  test('an expired certificate is refused', async () => {
    await using own = await createTestDatabase();
    const clock = createManualClock(Date.now() - 40 * 86_400_000);
    await using old = await startTestGateway(own.db, { clock });
    const expired = await enrolSensor(old, (await old.key()).secret);
    await expect(openChannel(old, certificateOf(expired))).rejects.toThrow(/401.*certificate-expired/);
  });

  test('a certificate that names another host than it was made for is refused', async () => {
    const one = await enrol();
    const other = await enrol();
    await database.db
      .updateTable('sensor_certificates')
      .set({ host_id: other.answer.hostId })
      .where('host_id', '=', one.answer.hostId)
      .execute();
    await expect(openChannel(gateway, certificateOf(one))).rejects.toThrow(/401.*certificate-host/);
  });

  test('a TLS session cannot be taken up again, so each connection shows its certificate', async () => {
    const enrolled = await enrol();
    const options = {
      host: '127.0.0.1',
      port: gateway.port,
      servername: sensorServerName,
      ca: gateway.authorityPem,
      key: enrolled.privateKeyPem,
      cert: enrolled.answer.certificatePem,
    };
    const sessions: Buffer[] = [];
    const first = connectTls(options);
    first.on('session', (session) => sessions.push(session));
    await new Promise((resolve) => first.once('secureConnect', resolve));
    first.write(`GET ${sensorChannelPath} HTTP/1.1\r\nHost: x\r\n\r\n`);
    await new Promise((resolve) => first.once('data', resolve));
    first.destroy();
    const [session] = sessions;
    const second = connectTls({ ...options, ...(session === undefined ? {} : { session }) });
    await new Promise((resolve) => second.once('secureConnect', resolve));
    expect(second.isSessionReused()).toBe(false);
    second.destroy();
  });

  test('revocation closes the open connection at once and later ones are told', async () => {
    const enrolled = await enrol();
    const sensor = await connectSensor(gateway, enrolled);
    const { hostId } = enrolled.answer;
    await gateway.gateway.routes['sensors.revoke'](requestOf({ params: { hostId }, body: { reason: 'lost' } }));
    expect(await sensor.expect('refused')).toMatchObject({ code: 'revoked', final: true });
    expect(await sensor.closed).toBe(1008);
    const again = await openChannel(gateway, certificateOf(enrolled));
    expect(await again.expect('refused')).toMatchObject({ code: 'revoked', final: true });
    expect((await sensorRow(hostId)).presence).toBe('revoked');
  });

  test('a renewed certificate is used from the next connection on; only then the old one is revoked', async () => {
    const enrolled = await enrol();
    const first = await connectSensor(gateway, enrolled);
    const next = await createSensorIdentity();
    first.say('control', { kind: 'renew', certificateRequestPem: next.certificateRequestPem });
    const { certificatePem } = await first.expect('renewed');
    first.terminate();
    const old = await connectSensor(gateway, enrolled);
    old.terminate();
    const renewed = await connectSensor(gateway, { ...next, answer: { ...enrolled.answer, certificatePem } });
    renewed.terminate();
    const late = await openChannel(gateway, certificateOf(enrolled));
    expect(await late.expect('refused')).toMatchObject({ code: 'revoked' });
  });
});

describe('the protocol', () => {
  test('a version that is not spoken here is refused for good', async () => {
    const sensor = await openChannel(gateway, certificateOf(await enrol()));
    sensor.say('control', helloOf({ protocol: { current: 9, oldest: 8 } }));
    expect(await sensor.expect('refused')).toMatchObject({ code: 'protocol', final: true });
  });

  test('a newer sensor that still speaks ours is welcome, and unknown messages are counted', async () => {
    const sensor = await openChannel(gateway, certificateOf(await enrol()));
    sensor.say('control', helloOf({ protocol: { current: 2, oldest: 1 } }));
    expect((await sensor.expect('welcome')).protocol).toBe(1);
    const before = gateway.gateway.figures().unknownMessages;
    sensor.say('control', { kind: 'sing', song: 'la' });
    await until(() => gateway.gateway.figures().unknownMessages === before + 1);
    sensor.frame('inventory', 1, 1, [begin, { kind: 'dance' }, end(0)]);
    await sensor.expect('flow', (flow) => flow.channel === 'inventory' && flow.acked === 1);
    expect(gateway.gateway.figures().unknownMessages).toBe(before + 2);
    sensor.terminate();
  });

  test('a snapshot is stored and only then acknowledged', async () => {
    const enrolled = await enrol();
    const sensor = await connectSensor(gateway, enrolled);
    const first = await sensor.expect('flow', (flow) => flow.channel === 'inventory');
    expect(first.limit).toBeGreaterThan(0);
    sensor.frame('inventory', 1, 1, [begin, put(hostRecord({ hostname: 'stored' })), put(listenerRecord(80)), end(2)]);
    await sensor.expect('flow', (flow) => flow.channel === 'inventory' && flow.epoch === 1 && flow.acked === 1);
    expect(await sensorRow(enrolled.answer.hostId)).toMatchObject({
      stream_epoch: 1,
      stream_seq: 1,
      presence: 'online',
    });
    sensor.terminate();
    const again = await openChannel(gateway, certificateOf(enrolled));
    again.say('control', helloOf());
    expect((await again.expect('welcome')).inventory).toEqual({ epoch: 1, seq: 1 });
    again.terminate();
  });

  test('live events follow a commit', async () => {
    const enrolled = await enrol();
    const sensor = await connectSensor(gateway, enrolled);
    sensor.frame('inventory', 1, 1, [begin, put(hostRecord()), end(1)]);
    await until(() => gateway.live.some((event) => event.kind === 'map' && event.hostId === enrolled.answer.hostId));
    sensor.terminate();
  });

  const faults: readonly (readonly [string, string, (sensor: Awaited<ReturnType<typeof connectSensor>>) => void])[] = [
    [
      'a broken checksum',
      'frame-checksum',
      (sensor) => {
        const data = encodeFrame({ channel: 'inventory', epoch: 1, seq: 1, body: Buffer.from(JSON.stringify(begin)) });
        data[30] = (data[30] ?? 0) ^ 1;
        sensor.raw(data);
      },
    ],
    ['another protocol', 'frame-magic', (sensor) => sensor.raw(Buffer.alloc(40, 1))],
    ['a text message', 'text-message', (sensor) => sensor.raw('hello')],
    ['a body that is not JSON', 'frame-json', (sensor) => sensor.frame('inventory', 1, 1, ['{"kind":'])],
    [
      'a body that does not decompress',
      'frame-compression',
      (sensor) => {
        const data = encodeFrame({ channel: 'inventory', epoch: 1, seq: 1, body: Buffer.from('{}') });
        data[3] = 1;
        sensor.raw(data);
      },
    ],
    ['a gap', 'out-of-order', (sensor) => sensor.frame('inventory', 0, 7, [end(0)])],
    [
      'a gap on control',
      'out-of-order',
      (sensor) => sensor.frame('control', 1, 9, [{ kind: 'goodbye', reason: 'stop' }]),
    ],
    [
      'more than was granted',
      'credit',
      (sensor) => {
        for (let seq = 1; seq <= 200; seq += 1)
          sensor.frame('inventory', 1, seq, seq === 1 ? [begin] : [put(listenerRecord(seq))]);
      },
    ],
    ['a second hello', 'second-hello', (sensor) => sensor.say('control', helloOf())],
    [
      'a known message of a wrong shape',
      'malformed-message',
      (sensor) => sensor.frame('control', 1, 2, [{ kind: 'goodbye', reason: 'whatever' }]),
    ],
  ];
  test.each(faults)('%s is refused, counted and audited', async (_name, code, act) => {
    const enrolled = await enrol();
    const sensor = await connectSensor(gateway, enrolled);
    act(sensor);
    expect((await sensor.expect('refused')).final).toBe(false);
    await sensor.closed;
    const { hostId } = enrolled.answer;
    expect(auditedCodes(hostId)).toContain(code);
    await until(async () => (await sensorRow(hostId)).refused_frames > 0);
  });

  test('an oversized message ends the connection', async () => {
    const enrolled = await enrol();
    const sensor = await connectSensor(gateway, enrolled);
    sensor.raw(Buffer.alloc(70_000));
    expect(await sensor.closed).toBe(1009);
    await until(() => auditedCodes(enrolled.answer.hostId).includes('frame-too-large'));
  });

  test('a frame before the welcome is refused', async () => {
    const sensor = await openChannel(gateway, certificateOf(await enrol()));
    sensor.frame('inventory', 1, 1, [begin]);
    expect((await sensor.expect('refused')).code).toBe('malformed');
  });

  test('the same fault is audited once a minute and counted every time', async () => {
    const enrolled = await enrol();
    const { hostId } = enrolled.answer;
    for (let times = 0; times < 3; times += 1) {
      const sensor = await connectSensor(gateway, enrolled);
      sensor.raw(Buffer.alloc(40, 1));
      await sensor.closed;
    }
    expect(auditedCodes(hostId).filter((code) => code === 'frame-magic')).toHaveLength(1);
    await until(async () => (await sensorRow(hostId)).refused_frames === 3);
  });

  test('a replayed frame is acknowledged again and changes nothing', async () => {
    const enrolled = await enrol();
    const sensor = await connectSensor(gateway, enrolled);
    sensor.frame('inventory', 1, 1, [begin, put(hostRecord()), end(1)]);
    await sensor.expect('flow', (flow) => flow.channel === 'inventory' && flow.acked === 1);
    sensor.frame('inventory', 1, 1, [begin, put(hostRecord({ hostname: 'other' })), end(1)]);
    await sensor.expect('flow', (flow) => flow.channel === 'inventory' && flow.acked === 1);
    sensor.frame('inventory', 1, 2, [put(listenerRecord(1))]);
    await sensor.expect('flow', (flow) => flow.channel === 'inventory' && flow.acked === 2);
    const asset = await database.db
      .selectFrom('assets')
      .select('name')
      .where('id', '=', enrolled.answer.hostId)
      .executeTakeFirst();
    expect(asset?.name).toBe('box');
    sensor.terminate();
  });

  test('an epoch without a snapshot and an old epoch are answered by asking for one', async () => {
    const enrolled = await enrol();
    const sensor = await connectSensor(gateway, enrolled);
    sensor.frame('inventory', 4, 3, [put(hostRecord())]);
    await sensor.expect('resync');
    sensor.frame('inventory', 5, 1, [put(hostRecord())]);
    await sensor.expect('resync');
    sensor.frame('inventory', 6, 1, [begin, put(hostRecord()), end(1)]);
    await sensor.expect('flow', (flow) => flow.epoch === 6 && flow.acked === 1);
    sensor.frame('inventory', 3, 1, [begin]);
    await sensor.expect('resync');
    sensor.terminate();
  });

  test('a digest that differs asks for a snapshot; one that agrees is shown as in sync', async () => {
    const enrolled = await enrol();
    const sensor = await connectSensor(gateway, enrolled);
    const record = hostRecord();
    sensor.frame('inventory', 1, 1, [begin, put(record), end(1)]);
    await sensor.expect('flow', (flow) => flow.epoch === 1 && flow.acked === 1);
    const heartbeat = {
      kind: 'heartbeat',
      sentAt: Date.now() + 60_000,
      rssBytes: 50,
      anonymousBytes: 20,
      cpuCores: 0.01,
      digest: digestText(recordHash('host', 'host', JSON.stringify(record))),
      position: { epoch: 1, seq: 1 },
      queued: 3,
      queueAgeMs: 5,
    };
    sensor.frame('control', 1, 2, [heartbeat]);
    await until(async () => (await sensorRow(enrolled.answer.hostId)).in_sync === true);
    expect(await sensorRow(enrolled.answer.hostId)).toMatchObject({ rss_bytes: 50, queued: 3 });
    expect((await sensorRow(enrolled.answer.hostId)).skew_ms).toBeGreaterThan(50_000);
    sensor.frame('control', 1, 3, [{ ...heartbeat, digest: '0'.repeat(16) }]);
    await sensor.expect('resync');
    await until(async () => (await sensorRow(enrolled.answer.hostId)).in_sync === false);
    sensor.terminate();
  });

  test('a newer living connection takes over; two that alternate are suspected and audited', async () => {
    const enrolled = await enrol();
    const first = await connectSensor(gateway, enrolled);
    const second = await connectSensor(gateway, enrolled);
    expect(await first.expect('refused')).toMatchObject({ code: 'duplicate-connection', final: false });
    const third = await connectSensor(gateway, enrolled);
    await second.closed;
    const fourth = await openChannel(gateway, certificateOf(enrolled));
    fourth.say('control', helloOf());
    expect((await fourth.expect('refused')).code).toBe('duplicate-connection');
    expect(gateway.audit.filter((entry) => entry.action === 'sensor.clone-suspected')).toHaveLength(1);
    third.terminate();
  });
});
