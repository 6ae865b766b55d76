import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readExternalAddress } from './address.ts';
import { explainDatabaseFailure } from './explain.ts';

let dir = '';
let caFile = '';
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'ppt-db-'));
  caFile = join(dir, 'ca.pem');
  await writeFile(caFile, '-----BEGIN CERTIFICATE-----\nAA\n-----END CERTIFICATE-----\n');
});
afterAll(() => rm(dir, { recursive: true }));

const read = (url: string, more: { password?: string; caFile?: string } = {}) =>
  readExternalAddress({ kind: 'url', url, password: more.password, caFile: more.caFile });

describe('DATABASE_URL', () => {
  it('must be served by a verified server unless that is on this machine', async () => {
    const remote = await read('postgres://ada@db.example:5433/parapet');
    expect(remote.address.ssl).toMatchObject({ host: 'db.example', servername: 'db.example' });
    expect(remote.address.ssl).not.toHaveProperty('rejectUnauthorized');
    expect(remote.description).toBe('external PostgreSQL at db.example/parapet (encrypted and verified)');
    for (const local of [
      'postgres://ada@localhost/p',
      'postgres://ada@127.0.0.1/p',
      'postgres:///p',
      'postgres://ada@/p?host=%2Frun%2Fpg',
    ])
      expect((await read(local)).address.ssl).toBe(false);
    expect((await read('postgres://ada@/p?host=%2Frun%2Fpg')).address.url).toBe('postgres://ada@/p?host=%2Frun%2Fpg');
  });

  it.each([
    ['disable', undefined, false, 'NOT encrypted'],
    ['require', undefined, { rejectUnauthorized: false }, 'encrypted, but the server is not verified'],
    ['verify-full', 'file', { ca: expect.stringContaining('CERTIFICATE') }, 'encrypted and verified'],
  ])('with sslmode=%s and an authority of %s', async (mode, ca, ssl, words) => {
    const { address, description } = await read(
      `postgres://ada@db/p?sslmode=${mode}`,
      ca === undefined ? {} : { caFile },
    );
    expect(address.ssl).toEqual(ssl === false ? false : expect.objectContaining(ssl as object));
    expect(description).toContain(words);
    expect(address.url).toBe('postgres://ada@db/p');
  });

  it('as libpq: require with an authority checks it, verify-ca does not look at the name', async () => {
    for (const url of ['postgres://ada@db/p?sslmode=require', 'postgres://ada@db/p?sslmode=verify-ca']) {
      const { ssl } = (await read(url, { caFile })).address;
      expect(ssl).not.toHaveProperty('rejectUnauthorized');
      expect(ssl).toHaveProperty('checkServerIdentity');
    }
    expect((await read(`postgres://ada@db/p?sslrootcert=${caFile}`)).address.ssl).toHaveProperty('ca');
  });

  it('takes its password from elsewhere, whatever signs it holds', async () => {
    const { address, description } = await read('postgres://ada:old@db/p?sslmode=disable', { password: 'a&b=c%/ d' });
    expect(new URLSearchParams(address.url.split('?')[1]).get('password')).toBe('a&b=c%/ d');
    expect(description).not.toMatch(/old|ada/);
  });

  it.each([
    ['postgres://ada@db/p?sslmode=prefer', /sslmode=prefer is none of disable, require/],
    ['postgres://ada@/p?host=%2Frun&sslmode=require', /no TLS on a unix socket/],
    ['postgres://ada@db/p?sslrootcert=/none.pem', /none.pem, named by DATABASE_CA_FILE, could not be read/],
    ['postgres://[/p', /must look like/],
  ])('%s is refused', async (url, sentence) => {
    await expect(read(url)).rejects.toThrow(sentence);
  });
});

const failure = (code: string | undefined, message = 'said'): Error => Object.assign(new Error(message), { code });

it.each([
  [failure('28P01'), /refuses the password/],
  [failure('53100'), /disk is full/],
  [failure('25006'), /read-only replica/],
  [failure('42501', 'permission denied'), /must own the database/],
  [failure('SELF_SIGNED_CERT_IN_CHAIN'), /DATABASE_CA_FILE/],
  [failure('ERR_TLS_CERT_ALTNAME_INVALID'), /of another name/],
  [failure(undefined, 'The server does not support SSL connections'), /offers no TLS/],
])('%s is explained', (error, sentence) => {
  expect(explainDatabaseFailure(error)).toMatch(sentence);
});
it('what is not known is not guessed', () => {
  expect(explainDatabaseFailure(failure('XX000'))).toBeUndefined();
  expect(explainDatabaseFailure('text')).toBeUndefined();
});
