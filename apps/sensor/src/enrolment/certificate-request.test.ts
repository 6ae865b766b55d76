import { createPrivateKey, createPublicKey } from 'node:crypto';
import { execArgv } from '@parapet/core';
import { describe, expect, it } from 'vitest';
import { createKeyAndRequest, keyPin } from './certificate-request.ts';

describe('createKeyAndRequest', () => {
  it.each(['parapet sensor', 'ü'.repeat(200)])('makes a request that OpenSSL verifies (%s)', async (name) => {
    const made = createKeyAndRequest(name.slice(0, 60));
    const outcome = await execArgv(['openssl', 'req', '-verify', '-noout', '-subject', '-nameopt', 'utf8'], {
      input: made.requestPem,
    });
    expect(outcome.exitCode).toBe(0);
    expect(`${outcome.stdout}${outcome.stderr}`).toMatch(/verify OK/);
    expect(outcome.stdout).toContain(name.slice(0, 60));
  });

  it('asks for the key it made', async () => {
    const made = createKeyAndRequest('x');
    const outcome = await execArgv(['openssl', 'req', '-pubkey', '-noout'], { input: made.requestPem });
    const asked = createPublicKey(outcome.stdout);
    expect(keyPin(asked)).toEqual(keyPin(createPublicKey(createPrivateKey(made.keyPem))));
  });
});
