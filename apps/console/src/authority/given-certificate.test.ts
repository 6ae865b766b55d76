import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createManualClock } from '@parapet/core';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Authority, createAuthority } from './authority.ts';
import { type GivenCertificate, readGivenCertificate } from './given-certificate.ts';

const day = 86_400_000;
const clock = createManualClock(Date.parse('2026-06-01T00:00:00Z'));
let dir = '';
let authority: Authority;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ppt-cert-'));
  authority = await createAuthority({ keysDir: dir, clock });
});
afterEach(() => rm(dir, { recursive: true }));

const read = async (
  certificate: string,
  key: string,
  against: { afterMs?: number; names?: readonly string[] } = {},
): Promise<GivenCertificate> => {
  const files = { certificate: join(dir, 'c.pem'), key: join(dir, 'k.pem') };
  await writeFile(files.certificate, certificate);
  await writeFile(files.key, key);
  return readGivenCertificate(files, { nowMs: clock.now() + (against.afterMs ?? 0), names: against.names ?? [] });
};
const firstOf = (pem: string): string => `${pem.split('-----END CERTIFICATE-----')[0]}-----END CERTIFICATE-----\n`;

test('a whole chain whose names fit is taken without a word', async () => {
  const { certificatePem, privateKeyPem } = await authority.issueServer(['a.example', '10.0.0.1'], 90);
  const given = await read(certificatePem, privateKeyPem, { names: ['a.example', '10.0.0.1'] });
  expect(given.warnings).toEqual([]);
  expect(given.expiresAt.getTime()).toBeGreaterThan(clock.now() + 89 * day);
});

test.each([
  ['two weeks before its end', 80 * day, /expires in 10 days, on 2026-08-30/],
  ['on its last day', 89.9 * day, /expires today/],
  ['after its end, since sensors do not meet it', 91 * day, /expired on 2026-08-30: browsers refuse it/],
  ['before its beginning', -day, /not valid before 2026-05-31T23:00:00.000Z/],
])('it is told %s', async (_when, afterMs, warning) => {
  const { certificatePem, privateKeyPem } = await authority.issueServer(['a.example'], 90);
  expect((await read(certificatePem, privateKeyPem, { afterMs })).warnings).toEqual([expect.stringMatching(warning)]);
});

test('names that it lacks, a missing chain and a wrong one are told', async () => {
  const { certificatePem, privateKeyPem } = await authority.issueServer(['a.example'], 90);
  const alone = await read(firstOf(certificatePem), privateKeyPem, { names: ['a.example', 'b.example'] });
  expect(alone.warnings[0]).toContain('does not name b.example');
  expect(alone.warnings[1]).toContain('add the intermediate certificates');
  const other = await createAuthority({ keysDir: await mkdtemp(join(dir, 'other-')), clock });
  const mixed = await read(firstOf(certificatePem) + other.certificatePem, privateKeyPem);
  expect(mixed.warnings[0]).toContain('certificate 2 did not issue certificate 1');
});

test('what cannot be served is refused with a sentence that names the file', async () => {
  const { certificatePem, privateKeyPem } = await authority.issueServer(['a.example'], 90);
  const other = await authority.issueServer(['a.example'], 90);
  await expect(read(certificatePem, other.privateKeyPem)).rejects.toThrow(
    /k.pem does not belong to the first certificate/,
  );
  await expect(read('', privateKeyPem)).rejects.toThrow(/c.pem holds no certificate/);
  await expect(read(privateKeyPem, certificatePem)).rejects.toThrow(/c.pem holds no certificate/);
  await expect(read(certificatePem, certificatePem)).rejects.toThrow(/k.pem holds no private key/);
  const damaged = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
  await expect(read(damaged, privateKeyPem)).rejects.toThrow(/c.pem holds a certificate that cannot be read/);
  await expect(
    read(certificatePem, '-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n'),
  ).rejects.toThrow(/has a passphrase/);
  const missing = { certificate: join(dir, 'none.pem'), key: join(dir, 'k.pem') };
  await expect(readGivenCertificate(missing, { nowMs: 0, names: [] })).rejects.toThrow(/none.pem could not be read/);
});
