import { createHash, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sensorServerName } from '@parapet/contract/wire';
import { createManualClock } from '@parapet/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createSensorIdentity } from '../testing/sensor-identity.ts';
import { createAuthority, issueSensorServer } from './authority.ts';
import { readCertificateRequest } from './certificates.ts';
import { createWebCertificate } from './web-certificate.ts';

const hostId = '6f1c0f4e-3a55-4c0e-9a43-0f1f5c9b8f10';
const day = 86_400_000;
let keysDir = '';
const clock = createManualClock(Date.now());

beforeEach(async () => {
  keysDir = await mkdtemp(join(tmpdir(), 'ppt-keys-'));
});
afterEach(() => rm(keysDir, { recursive: true, force: true }));

test('the authority is made once, kept for the owner only, and found again', async () => {
  const first = await createAuthority({ keysDir, clock });
  const again = await createAuthority({ keysDir, clock });
  expect(again.pin).toBe(first.pin);
  const spki = new X509Certificate(first.certificatePem).publicKey.export({ type: 'spki', format: 'der' });
  expect(first.pin).toBe(createHash('sha256').update(spki).digest('hex'));
  expect((await stat(join(keysDir, 'authority.pem'))).mode & 0o777).toBe(0o600);
});

test('a key file elsewhere is used, and a broken one is never replaced', async () => {
  const keyFile = join(keysDir, 'elsewhere', 'key.pem');
  const first = await createAuthority({ keysDir, keyFile, clock });
  expect((await createAuthority({ keysDir, keyFile, clock })).pin).toBe(first.pin);
  const whole = await readFile(keyFile, 'utf8');
  await writeFile(keyFile, whole.slice(0, whole.length / 2));
  await expect(createAuthority({ keysDir, keyFile, clock })).rejects.toThrow(/key file/);
  const stranger = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  });
  await writeFile(keyFile, stranger + whole.slice(whole.indexOf('-----BEGIN CERTIFICATE')));
  await expect(createAuthority({ keysDir, keyFile, clock })).rejects.toThrow(/does not belong/);
});

test('a sensor certificate names the host alone and is valid from an hour ago for 30 days', async () => {
  const authority = await createAuthority({ keysDir, clock });
  const identity = await createSensorIdentity();
  const request = await readCertificateRequest(identity.certificateRequestPem);
  if (request === undefined) throw new Error('The request was not read.');
  const signed = await authority.signSensor(request, hostId);
  const certificate = new X509Certificate(signed.pem);
  expect(certificate.subject).toBe(`CN=${hostId}`);
  expect(certificate.subjectAltName).toBeUndefined();
  expect(certificate.ca).toBe(false);
  expect(certificate.serialNumber.toLowerCase()).toBe(signed.serial);
  expect(authority.issued(certificate)).toBe(true);
  expect(clock.now() - certificate.validFromDate.getTime()).toBeGreaterThanOrEqual(3_599_000);
  expect(Math.round((certificate.validToDate.getTime() - clock.now()) / day)).toBe(30);
});

test('requests that are malformed, tampered with or of another key kind are refused', async () => {
  const identity = await createSensorIdentity();
  expect(
    await readCertificateRequest('-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----'),
  ).toBe(undefined);
  const der = Buffer.from(identity.certificateRequestPem.replace(/-----[^-]+-----|\s/g, ''), 'base64');
  der[der.length - 1] = (der.at(-1) ?? 0) ^ 1;
  const tampered = `-----BEGIN CERTIFICATE REQUEST-----\n${der.toString('base64')}\n-----END CERTIFICATE REQUEST-----\n`;
  expect(await readCertificateRequest(tampered)).toBe(undefined);
});

test('a certificate of another authority is not ours', async () => {
  const ours = await createAuthority({ keysDir, clock });
  const other = await createAuthority({ keysDir, keyFile: join(keysDir, 'other.pem'), clock });
  const request = await readCertificateRequest((await createSensorIdentity()).certificateRequestPem);
  if (request === undefined) throw new Error('The request was not read.');
  expect(ours.issued(new X509Certificate((await other.signSensor(request, hostId)).pem))).toBe(false);
});

test('the sensor server’s certificate carries its name and the authority behind it', async () => {
  const authority = await createAuthority({ keysDir, clock });
  const server = await issueSensorServer(authority);
  expect(new X509Certificate(server.certificatePem).checkHost(sensorServerName)).toBe(sensorServerName);
  expect(server.certificatePem.match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
});

test('the web certificate holds all names, is kept, and is renewed for a new name and before it expires', async () => {
  const authority = await createAuthority({ keysDir, clock });
  let names: readonly string[] = ['box.example', 'localhost', '127.0.0.1', '::1'];
  const create = () => createWebCertificate({ authority, keysDir, clock, names: () => names });
  const web = await create();
  const certificate = new X509Certificate(web.current().certificatePem);
  for (const name of ['box.example', 'localhost']) expect(certificate.checkHost(name)).toBe(name);
  expect(certificate.checkIP('::1')).toBeDefined();
  expect((await create()).current()).toEqual(web.current());
  expect(await web.refresh()).toBe(false);
  names = [...names, '10.1.2.3', 'new.example'];
  expect(await web.refresh()).toBe(true);
  expect(new X509Certificate(web.current().certificatePem).checkIP('10.1.2.3')).toBeDefined();
  clock.advance(340 * day);
  expect(await web.refresh()).toBe(true);
});

test('given files are used, and a key that does not fit is said', async () => {
  const authority = await createAuthority({ keysDir, clock });
  const given = await authority.issueServer(['given.example'], 10);
  const files = { certificate: join(keysDir, 'c.pem'), key: join(keysDir, 'k.pem') };
  await writeFile(files.certificate, given.certificatePem);
  await writeFile(files.key, given.privateKeyPem);
  const web = await createWebCertificate({ authority, keysDir, clock, names: () => [], files });
  expect(web.current().certificatePem).toBe(given.certificatePem);
  await writeFile(files.key, (await authority.issueServer(['x'], 1)).privateKeyPem);
  expect(await web.refresh()).toBe(false);
  expect(web.current().certificatePem).toBe(given.certificatePem);
  expect(web.state().warnings[0]).toMatch(/earlier one stays in use: .*does not belong/);
  await expect(createWebCertificate({ authority, keysDir, clock, names: () => [], files })).rejects.toThrow(
    /does not belong/,
  );
});
