import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execArgv } from '@parapet/core';

/** A small authority made with OpenSSL, for tests. */
export type TestAuthority = {
  readonly certificatePem: string;
  readonly issueServer: (name: string) => Promise<{ readonly key: string; readonly cert: string }>;
  readonly signRequest: (requestPem: string, days?: number) => Promise<string>;
  readonly dispose: () => Promise<void>;
};

const openssl = async (...args: string[]): Promise<void> => {
  const outcome = await execArgv(['openssl', ...args]);
  if (outcome.exitCode !== 0) throw new Error(`openssl ${args[0]}: ${outcome.stderr}`);
};

export const createTestAuthority = async (): Promise<TestAuthority> => {
  const folder = await mkdtemp(join(tmpdir(), 'parapet-authority-'));
  const at = (name: string): string => join(folder, name);
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  await openssl(
    'req',
    '-x509',
    ...curve,
    '-keyout',
    at('ca.key'),
    '-out',
    at('ca.pem'),
    '-days',
    '2',
    '-subj',
    '/CN=test authority',
  );
  let serial = 0;
  const sign = async (requestPath: string, extensions: string, days: number): Promise<string> => {
    serial += 1;
    const out = at(`signed-${serial}.pem`);
    await writeFile(at('ext'), extensions);
    await openssl(
      'x509',
      '-req',
      '-in',
      requestPath,
      '-CA',
      at('ca.pem'),
      '-CAkey',
      at('ca.key'),
      '-set_serial',
      String(serial),
      '-days',
      String(days),
      '-extfile',
      at('ext'),
      '-out',
      out,
    );
    return readFile(out, 'utf8');
  };
  return {
    certificatePem: await readFile(at('ca.pem'), 'utf8'),
    issueServer: async (name) => {
      await openssl('req', ...curve, '-keyout', at('server.key'), '-out', at('server.csr'), '-subj', '/CN=server');
      const cert = await sign(at('server.csr'), `subjectAltName=DNS:${name}\nextendedKeyUsage=serverAuth\n`, 2);
      return { key: await readFile(at('server.key'), 'utf8'), cert };
    },
    signRequest: async (requestPem, days = 2) => {
      await writeFile(at('request.csr'), requestPem);
      return sign(at('request.csr'), 'extendedKeyUsage=clientAuth\n', days);
    },
    dispose: () => rm(folder, { recursive: true, force: true }),
  };
};
