import { expect, test } from 'vitest';
import { createConfig } from './config.ts';
import { parseEnvironment } from './env.ts';

const configOf = (variables: Record<string, string>) =>
  createConfig(parseEnvironment({ HOME: '/home/a', ...variables }));

test('nothing set gives the documented defaults', () => {
  const config = configOf({ PARAPET_DATA_DIR: '' });
  expect(config.port).toBe(8443);
  expect(config.host).toBe('::');
  expect(config.database).toEqual({ kind: 'embedded', prefixDir: undefined });
  expect(config.tls).toBeUndefined();
  expect(config.dataDir).toMatch(/parapet\/console$/);
});

test('what is given is taken', () => {
  const config = configOf({
    PARAPET_DATA_DIR: '/data',
    PARAPET_PORT: '9443',
    DATABASE_URL: 'postgres://db/parapet',
    PARAPET_TLS_CERT: '/c.pem',
    PARAPET_TLS_KEY: '/k.pem',
    PARAPET_PUBLIC_URLS: 'https://one.example, https://two.example:8443/',
  });
  expect(config).toMatchObject({
    dataDir: '/data',
    port: 9443,
    database: { kind: 'url', url: 'postgres://db/parapet', password: undefined, caFile: undefined },
    tls: { certificate: '/c.pem', key: '/k.pem' },
    publicUrls: ['https://one.example', 'https://two.example:8443'],
  });
});

test.each([
  [{ PARAPET_PORT: 'https' }, 'PARAPET_PORT'],
  [{ PARAPET_PORT: '70000' }, 'PARAPET_PORT'],
  [{ PARAPET_DATA_DIR: 'relative' }, 'PARAPET_DATA_DIR'],
  [{ DATABASE_URL: 'mysql://x' }, 'DATABASE_URL'],
  [{ PARAPET_LOG_LEVEL: 'loud' }, 'PARAPET_LOG_LEVEL'],
  [{ PARAPET_TLS_CERT: '/only.pem' }, 'PARAPET_TLS_KEY'],
  [{ PARAPET_PUBLIC_URLS: 'http://plain.example' }, 'PARAPET_PUBLIC_URLS'],
  [{ PARAPET_TRUSTED_PROXIES: '10.0.0.0/33' }, 'PARAPET_TRUSTED_PROXIES'],
  [{ HTTPS_PROXY: 'socks5://p:1' }, 'HTTPS_PROXY'],
])('%j is refused with a sentence that names it', (variables, named) => {
  expect(() => configOf(variables as Record<string, string>)).toThrow(named);
});
