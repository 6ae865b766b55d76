import { type ConnectProxyOptions, startConnectProxy } from '@parapet/testkit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeConfig } from '../config/config.ts';
import { readEnv } from '../config/env.ts';
import { createKeyAndRequest } from '../enrolment/certificate-request.ts';
import { type LocalConsole, startLocalConsole } from '../uplink/testing/local-console.ts';
import { dialTcp } from './tcp-dialer.ts';
import { dialWithIdentity } from './tls-dialer.ts';

const timeoutMs = 60_000;

/** A real proxy between a real sensor's dialer and a real console's port; loopback itself never goes through one. */
describe('a sensor behind a proxy', () => {
  let console: LocalConsole;
  beforeAll(async () => {
    console = await startLocalConsole();
  });
  afterAll(() => console.close());

  const proxyOf = (env: Record<string, string>) => makeConfig(readEnv({ HOME: '/h', ...env }), { isRoot: false }).proxy;
  /** Another name of this machine, which nothing excepts. */
  const target = () => ({ host: '0.0.0.0', port: console.port });
  const dial = async (options: ConnectProxyOptions, env: (port: number) => Record<string, string>) => {
    await using proxy = await startConnectProxy(options);
    const opened = dialTcp(target(), { proxy: proxyOf(env(proxy.port)), timeoutMs });
    const outcome = await opened.then(
      (socket) => {
        socket.destroy();
        return 'connected';
      },
      (error: Error) => error.message,
    );
    return { outcome, asked: [...proxy.asked] };
  };
  const at = (port: number) => ({ HTTPS_PROXY: `http://127.0.0.1:${port}` });

  it('speaks TLS with its console through it', async () => {
    await using proxy = await startConnectProxy();
    const { requestPem, keyPem } = await createKeyAndRequest('sensor');
    const certificatePem = await console.authority.signRequest(requestPem);
    const identity = { authorityPem: console.authority.certificatePem, certificatePem, keyPem };
    const url = `https://0.0.0.0:${console.port}`;
    const socket = await dialWithIdentity(url, identity, { proxy: proxyOf(at(proxy.port)), timeoutMs });
    expect(socket.authorized).toBe(true);
    expect(proxy.asked).toEqual([`0.0.0.0:${console.port}`]);
    socket.destroy();
  });

  it('gives name and password, and special characters of them', async () => {
    const credentials = 'ann:p@ss:w/ord';
    const { outcome } = await dial({ credentials }, (port) => ({
      HTTPS_PROXY: `http://ann:${encodeURIComponent('p@ss:w/ord')}@127.0.0.1:${port}`,
    }));
    expect(outcome).toBe('connected');
  });

  it.each<[string, ConnectProxyOptions, (port: number) => Record<string, string>, RegExp]>([
    [
      'wants a name',
      { credentials: 'a:b' },
      at,
      /407.*wants a name and a password: HTTPS_PROXY=http:\/\/NAME:PASSWORD@/,
    ],
    [
      'knows another password',
      { credentials: 'a:b' },
      (port) => ({ HTTPS_PROXY: `http://a:secret-word@127.0.0.1:${port}` }),
      /407.*does not accept the name and password in HTTPS_PROXY/,
    ],
    ['forbids it', { refuseWith: 403 }, at, /403.*must allow CONNECT to 0\.0\.0\.0:\d+/],
    ['cannot reach it', { refuseWith: 502 }, at, /502.*cannot reach 0\.0\.0\.0:\d+ itself/],
    ['hangs up', { hangUp: true }, at, /closed the connection/],
    [
      'is not there',
      {},
      () => ({ HTTPS_PROXY: 'http://127.0.0.1:1' }),
      /127\.0\.0\.1:1 of HTTPS_PROXY does not answer/,
    ],
  ])('says what to do when it %s', async (_case, options, env, sentence) => {
    const { outcome } = await dial(options, env);
    expect(outcome).toMatch(sentence);
    expect(outcome).not.toContain('secret-word');
  });

  it.each(['*', '0.0.0.0', '10.0.0.0/8,0.0.0.0/32', ' other.example , 0.0.0.0 '])(
    'goes past it where NO_PROXY is "%s"',
    async (except) => {
      const { outcome, asked } = await dial({ refuseWith: 403 }, (port) => ({ ...at(port), NO_PROXY: except }));
      expect({ outcome, asked }).toEqual({ outcome: 'connected', asked: [] });
    },
  );

  it.each(['other.example', '10.0.0.0/8', '0.0.0', 'x0.0.0.0'])(
    'goes through it where NO_PROXY is "%s"',
    async (except) => {
      const { asked } = await dial({}, (port) => ({ ...at(port), NO_PROXY: except }));
      expect(asked).toHaveLength(1);
    },
  );
});
