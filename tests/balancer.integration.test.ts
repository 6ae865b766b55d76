import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type RequestOptions, request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeWith, eventually, programOf } from '@parapet/testkit';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  type ConsoleProcess,
  createSensorProcess,
  type SensorProcess,
  startConsoleProcess,
} from './support/from-sources.ts';
import { freePort } from './support/parapet.ts';

/** Addresses of this machine's loopback network stand for machines of their own. */
const balancer = '127.0.0.2';
const proxy = '127.0.0.3';
const client = '127.0.0.7';
const stranger = '203.0.113.99';

/** One entry for all, passed through with a PROXY header, and one for people over HTTP. */
const configOf = (consolePort: number, tcpPort: number, httpPort: number): string => `
global
  log /dev/null local0
defaults
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option redispatch
listen pass-through
  mode tcp
  bind 127.0.0.1:${tcpPort}
  option httpchk GET /readyz
  source ${balancer}
  server console 127.0.0.1:${consolePort} send-proxy-v2 check check-ssl verify none check-send-proxy inter 500ms
listen for-people
  mode http
  bind 127.0.0.1:${httpPort}
  option forwardfor
  source ${proxy}
  server console 127.0.0.1:${consolePort} ssl verify none
`;

type Answer = { readonly status: number; readonly text: string };

const ask = (by: typeof requestPlain | typeof requestTls, options: RequestOptions, body?: unknown): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const outgoing = by(
      {
        host: '127.0.0.1',
        agent: false,
        rejectUnauthorized: false,
        localAddress: client,
        ...options,
      } as RequestOptions,
      (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(body === undefined ? undefined : JSON.stringify(body));
  });

describeWith([programOf('haproxy')], 'behind haproxy', () => {
  let dir = '';
  let console: ConsoleProcess;
  let sensor: SensorProcess;
  let haproxy: ChildProcess;
  let tcpPort = 0;
  let httpPort = 0;
  let consolePort = 0;

  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'ppt-balancer-'));
    console = await startConsoleProcess({
      env: { PARAPET_PROXY_PROTOCOL_FROM: `${balancer}/32`, PARAPET_TRUSTED_PROXIES: proxy },
    });
    consolePort = Number(new URL(console.url).port);
    [tcpPort, httpPort] = [await freePort(), await freePort()];
    const config = join(dir, 'haproxy.cfg');
    await writeFile(config, configOf(consolePort, tcpPort, httpPort));
    haproxy = spawn('/usr/sbin/haproxy', ['-db', '-f', config], { stdio: 'ignore' });
    sensor = await createSensorProcess();
    await eventually('an answer through the balancer', async () => (await ready()).status === 200);
  });
  afterAll(async () => {
    await sensor.dispose();
    haproxy.kill('SIGKILL');
    await console.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const ready = (): Promise<Answer> => ask(requestTls, { port: tcpPort, path: '/readyz' });
  const signInAs = (
    by: typeof requestPlain | typeof requestTls,
    port: number,
    username: string,
    headers: Readonly<Record<string, string>> = {},
    localAddress = client,
  ): Promise<Answer> =>
    ask(
      by,
      {
        ...{ port, method: 'POST', path: '/api/v1/session', localAddress },
        headers: {
          host: `127.0.0.1:${port}`,
          origin: `https://127.0.0.1:${port}`,
          'content-type': 'application/json',
          ...headers,
        },
      },
      { username, password: 'certainly not this one' },
    );
  /** The address under which the audit log has a refused sign-in. */
  const auditedAddress = async (username: string): Promise<string | undefined> => {
    const { json } = await console.call('GET', '/api/v1/audit?limit=50');
    const entries = json.items as { address?: string }[];
    return entries.find((entry) => JSON.stringify(entry).includes(username))?.address;
  };

  it('the audit log names the client that the balancer names', async () => {
    expect((await signInAs(requestTls, tcpPort, 'through-tcp')).status).toBe(401);
    expect(await auditedAddress('through-tcp')).toBe(client);
  });

  it('a client cannot name another, neither to the balancer nor past it', async () => {
    await signInAs(requestTls, tcpPort, 'forged-header', { 'x-forwarded-for': stranger });
    expect(await auditedAddress('forged-header')).toBe(client);
    await signInAs(requestTls, consolePort, 'forged-direct', { 'x-forwarded-for': stranger });
    expect(await auditedAddress('forged-direct')).toBe(client);
    const said = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect({ port: consolePort, host: '127.0.0.1', localAddress: client });
      socket.on('data', (chunk: Buffer) => {
        text += chunk.toString('latin1');
      });
      socket.on('error', () => undefined).on('close', () => resolve(text));
      socket.write(`PROXY TCP4 ${stranger} 127.0.0.1 1 2\r\n`);
    });
    expect(said).toBe('');
  });

  it('people come through an HTTP proxy, whose word on its client counts and the client’s own does not', async () => {
    const answer = await signInAs(requestPlain, httpPort, 'through-http', { 'x-forwarded-for': stranger });
    expect(answer.status).toBe(401);
    expect(await auditedAddress('through-http')).toBe(client);
  });

  it('a sensor enrols and speaks through it, and is back after a restart of the console', async () => {
    const { authorityPin, key } = await console.enrolment();
    await sensor.start({
      PARAPET_CONSOLE_URL: `https://127.0.0.1:${tcpPort}`,
      PARAPET_AUTHORITY_PIN: authorityPin,
      PARAPET_ENROLMENT_KEY: key,
    });
    const connected = async (): Promise<boolean> => {
      const { json } = await console.call('GET', '/api/v1/status');
      return json.ingest?.connectedSensors === 1;
    };
    await eventually('the sensor', connected);
    await console.crash();
    await console.restart();
    await eventually('the balancer finds the console ready', async () => (await ready()).status === 200);
    await eventually('the sensor again', connected);
  });
});
