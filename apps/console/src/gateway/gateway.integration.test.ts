import { randomUUID } from 'node:crypto';
import { request } from 'node:https';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { sensorChannelPath, sensorServerName } from '@parapet/contract/wire';
import { createManualClock } from '@parapet/core';
import { describe, expect, test } from 'vitest';
import { connectSensor, enrolSensor, openChannel, postEnrolment } from '../testing/fake-sensor.ts';
import { certificateOf, useGateway } from '../testing/gateway-suite.ts';
import { requestOf } from '../testing/route-request.ts';
import { createSensorIdentity } from '../testing/sensor-identity.ts';
import { createTestDatabase } from '../testing/test-database.ts';
import { startTestGateway } from '../testing/test-gateway.ts';

const suite = useGateway();

describe('the port', () => {
  test('a browser meets the web server, and is never asked for a certificate', async () => {
    const text = await new Promise<string>((resolve, reject) => {
      const outgoing = request(
        {
          host: '127.0.0.1',
          port: suite.gateway().port,
          servername: 'localhost',
          ca: suite.gateway().authorityPem,
          agent: false,
        },
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
    const refusedBefore = suite.gateway().gateway.figures().connectionsRefused;
    const socket = connect(suite.gateway().port, '127.0.0.1');
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await new Promise((resolve) => socket.once('close', resolve));
    expect(suite.gateway().gateway.figures().connectionsRefused).toBe(refusedBefore + 1);
  });
});

describe('enrolment', () => {
  test('a key enrols a host into its zone and labels, and is counted', async () => {
    const key = await suite.gateway().key({ zone: 'dmz', labels: { env: 'prod' }, maxUses: 1 });
    const enrolled = await enrolSensor(suite.gateway(), key.secret, { evidence: { hostname: 'web-1' } });
    expect(enrolled.answer.outcome).toBe('new');
    const asset = await suite
      .db()
      .selectFrom('assets')
      .select(['name', 'zone', 'effective_labels', 'kind'])
      .where('id', '=', enrolled.answer.hostId)
      .executeTakeFirst();
    expect(asset).toEqual({ name: 'web-1', zone: 'dmz', effective_labels: { env: 'prod' }, kind: 'host' });
    await expect(enrolSensor(suite.gateway(), key.secret)).rejects.toThrow(/key-used-up/);
  });

  test('unknown, expired and revoked keys are refused and audited', async () => {
    const expired = await suite.gateway().key({ expiresAt: new Date(Date.now() - 1) });
    const revoked = await suite.gateway().key();
    await suite
      .db()
      .updateTable('enrolment_keys')
      .set({ revoked_at: new Date() })
      .where('id', '=', revoked.id)
      .execute();
    await expect(enrolSensor(suite.gateway(), 'x'.repeat(32))).rejects.toThrow(/key-unknown/);
    await expect(enrolSensor(suite.gateway(), expired.secret)).rejects.toThrow(/key-expired/);
    await expect(enrolSensor(suite.gateway(), revoked.secret)).rejects.toThrow(/key-revoked/);
    const codes = suite
      .gateway()
      .audit.filter((entry) => entry.action === 'sensor.enrol')
      .map((entry) => entry.details?.['code']);
    expect(codes).toEqual(expect.arrayContaining(['key-unknown', 'key-expired', 'key-revoked']));
  });

  test('text that the database cannot hold is enrolled with a replacement', async () => {
    const enrolled = await suite.enrol({ evidence: { hostname: 'a\0b\ud800' }, sensorVersion: '1\0' });
    const row = await suite
      .db()
      .selectFrom('assets')
      .select('name')
      .where('id', '=', enrolled.answer.hostId)
      .executeTakeFirst();
    expect(row?.name).toBe('a\u{fffd}b\u{fffd}');
    const sensor = await connectSensor(suite.gateway(), enrolled, { bootId: 'x\0', sensorVersion: '\0' });
    sensor.terminate();
  });

  test('a last use is given out once, however many ask at the same time', async () => {
    const key = await suite.gateway().key({ maxUses: 3 });
    const tries = await Promise.allSettled(Array.from({ length: 8 }, () => enrolSensor(suite.gateway(), key.secret)));
    expect(tries.filter((one) => one.status === 'fulfilled')).toHaveLength(3);
  });

  test('malformed and oversized requests are refused', async () => {
    expect((await postEnrolment(suite.gateway(), '{"key":')).status).toBe(400);
    expect((await postEnrolment(suite.gateway(), { key: 'x'.repeat(32) })).status).toBe(400);
    const big = await postEnrolment(suite.gateway(), ' '.repeat(100_000)).catch((error: Error) => error);
    expect(big instanceof Error || big.status === 413).toBe(true);
  });

  test('with the old key it is the same host; the old certificate no longer counts', async () => {
    const first = await suite.enrol();
    const next = await createSensorIdentity();
    const again = await enrolSensor(
      suite.gateway(),
      (await suite.gateway().key()).secret,
      { previous: { certificatePem: first.answer.certificatePem, proof: first.prove(next.certificateRequestPem) } },
      next,
    );
    expect(again.answer).toMatchObject({ hostId: first.answer.hostId, outcome: 'same' });
    const old = await openChannel(suite.gateway(), certificateOf(first));
    expect(await old.expect('refused')).toMatchObject({ code: 'revoked', final: true });
  });

  test('a certificate without its key proves nothing', async () => {
    const victim = await suite.enrol();
    const thief = await createSensorIdentity();
    const stolen = await enrolSensor(
      suite.gateway(),
      (await suite.gateway().key()).secret,
      { previous: { certificatePem: victim.answer.certificatePem, proof: thief.prove(thief.certificateRequestPem) } },
      thief,
    );
    expect(stolen.answer.outcome).toBe('new');
  });

  test('by evidence: a silent host is taken over, a living one makes a clone of the newcomer', async () => {
    const evidence = { hostname: 'ev', machineId: randomUUID().replaceAll('-', '') };
    const first = await suite.enrol({ evidence });
    const second = await suite.enrol({ evidence });
    expect(second.answer).toMatchObject({ hostId: first.answer.hostId, outcome: 'taken-over' });
    const living = await connectSensor(suite.gateway(), second);
    const third = await suite.enrol({ evidence });
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
    await expect(openChannel(suite.gateway(), undefined)).rejects.toThrow(/401.*certificate-missing/);
    await using own = await createTestDatabase();
    await using other = await startTestGateway(own.db);
    const stranger = await enrolSensor(other, (await other.key()).secret);
    await expect(openChannel(suite.gateway(), certificateOf(stranger))).rejects.toThrow(/401.*certificate-untrusted/);
    const forgotten = await suite.enrol();
    await suite.db().deleteFrom('sensor_certificates').where('host_id', '=', forgotten.answer.hostId).execute();
    await expect(openChannel(suite.gateway(), certificateOf(forgotten))).rejects.toThrow(/401.*certificate-unknown/);
    expect(suite.gateway().audit.map((entry) => entry.details?.['code'])).toEqual(
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
    const one = await suite.enrol();
    const other = await suite.enrol();
    await suite
      .db()
      .updateTable('sensor_certificates')
      .set({ host_id: other.answer.hostId })
      .where('host_id', '=', one.answer.hostId)
      .execute();
    await expect(openChannel(suite.gateway(), certificateOf(one))).rejects.toThrow(/401.*certificate-host/);
  });

  test('a TLS session cannot be taken up again, so each connection shows its certificate', async () => {
    const enrolled = await suite.enrol();
    const options = {
      host: '127.0.0.1',
      port: suite.gateway().port,
      servername: sensorServerName,
      ca: suite.gateway().authorityPem,
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
    const enrolled = await suite.enrol();
    const sensor = await connectSensor(suite.gateway(), enrolled);
    const { hostId } = enrolled.answer;
    await suite.gateway().gateway.routes['sensors.revoke'](requestOf({ params: { hostId }, body: { reason: 'lost' } }));
    expect(await sensor.expect('refused')).toMatchObject({ code: 'revoked', final: true });
    expect(await sensor.closed).toBe(1008);
    const again = await openChannel(suite.gateway(), certificateOf(enrolled));
    expect(await again.expect('refused')).toMatchObject({ code: 'revoked', final: true });
    expect((await suite.sensorRow(hostId)).presence).toBe('revoked');
  });

  test('a renewed certificate is used from the next connection on; only then the old one is revoked', async () => {
    const enrolled = await suite.enrol();
    const first = await connectSensor(suite.gateway(), enrolled);
    const next = await createSensorIdentity();
    first.say('control', { kind: 'renew', certificateRequestPem: next.certificateRequestPem });
    const { certificatePem } = await first.expect('renewed');
    first.terminate();
    const old = await connectSensor(suite.gateway(), enrolled);
    old.terminate();
    const renewed = await connectSensor(suite.gateway(), { ...next, answer: { ...enrolled.answer, certificatePem } });
    renewed.terminate();
    const late = await openChannel(suite.gateway(), certificateOf(enrolled));
    expect(await late.expect('refused')).toMatchObject({ code: 'revoked' });
  });
});
