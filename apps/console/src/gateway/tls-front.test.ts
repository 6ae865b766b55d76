import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server as HttpsServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect as connectTls } from 'node:tls';
import { sensorServerName } from '@parapet/contract/wire';
import { systemClock } from '@parapet/core';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Authority, createAuthority } from '../authority/authority.ts';
import { silentLog } from '../logging/log.ts';
import { createTlsFront, type TlsFront, type TlsFrontLimits } from './tls-front.ts';

const patience = { timeout: 60_000 };
let keysDir = '';
let authority: Authority;
let front: TlsFront | undefined;
const sockets: Socket[] = [];

beforeEach(async () => {
  keysDir = await mkdtemp(join(tmpdir(), 'ppt-front-'));
  authority = await createAuthority({ keysDir, clock: systemClock });
});
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy();
  front?.destroyConnections();
  front?.server.close();
  await rm(keysDir, { recursive: true, force: true });
});

const serverOf = async (name: string, text: string): Promise<HttpsServer> => {
  const { certificatePem, privateKeyPem } = await authority.issueServer([name], 1);
  return createServer({ cert: certificatePem, key: privateKeyPem }, (request, response) =>
    response.end(request.url === '/who' ? request.socket.remoteAddress : text),
  );
};

const listen = async (
  limits: Partial<TlsFrontLimits> = {},
  proxyProtocolFrom: readonly string[] = [],
): Promise<number> => {
  front = createTlsFront({
    web: await serverOf('localhost', 'people'),
    sensors: await serverOf(sensorServerName, 'sensors'),
    log: silentLog,
    proxyProtocolFrom,
    limits: { connections: 100, perAddress: 100, pendingPerAddress: 100, helloTimeoutMs: 10_000, ...limits },
  });
  const { server } = front;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

const open = (port: number): Promise<Socket> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.on('error', () => undefined);
    sockets.push(socket);
  });

const closed = (socket: Socket): Promise<void> =>
  new Promise((resolve) => (socket.destroyed ? resolve() : socket.once('close', () => resolve())));

/** What the server behind a name answers, the ClientHello being sent in pieces of some bytes. */
const ask = async (port: number, servername: string, pieceBytes?: number): Promise<string> => {
  const tcp = await open(port);
  if (pieceBytes !== undefined) {
    const write = tcp.write.bind(tcp);
    tcp.write = ((data: Buffer, ...rest: []) => {
      for (let at = 0; at < data.length; at += pieceBytes) write(data.subarray(at, at + pieceBytes), ...rest);
      return true;
    }) as typeof tcp.write;
  }
  const tls = connectTls({ socket: tcp, servername, ca: authority.certificatePem });
  tls.write('GET / HTTP/1.0\r\n\r\n');
  let text = '';
  for await (const chunk of tls) text += String(chunk);
  return text.slice(text.indexOf('\r\n\r\n') + 4);
};

test('the name that a client asks for decides which server it meets', async () => {
  const port = await listen();
  expect(await ask(port, 'localhost')).toBe('people');
  expect(await ask(port, sensorServerName)).toBe('sensors');
  expect(await ask(port, 'localhost', 7)).toBe('people');
});

test('a client that says nothing is let go in time', async () => {
  const port = await listen({ helloTimeoutMs: 50 });
  const silent = await open(port);
  await closed(silent);
  await vi.waitFor(() => expect(front?.figures()).toEqual({ open: 0, refused: 1 }), patience);
});

test('one address cannot hold all places of those who have not spoken', async () => {
  const port = await listen({ pendingPerAddress: 2 });
  const [first, second] = [await open(port), await open(port)];
  await vi.waitFor(() => expect(front?.figures().open).toBe(2), patience);
  await closed(await open(port));
  expect([first.destroyed, second.destroyed]).toEqual([false, false]);
  first.destroy();
  await vi.waitFor(() => expect(front?.figures().open).toBe(1), patience);
  expect(await ask(port, 'localhost')).toBe('people');
});

test('more connections than allowed are turned away, and places become free again', async () => {
  const port = await listen({ connections: 1 });
  const first = await open(port);
  await vi.waitFor(() => expect(front?.figures().open).toBe(1), patience);
  await closed(await open(port));
  first.destroy();
  await vi.waitFor(() => expect(front?.figures().open).toBe(0), patience);
  expect(await ask(port, 'localhost')).toBe('people');
});

test('peers that reset at any moment do no harm', async () => {
  const port = await listen();
  for (let at = 0; at < 20; at += 1) {
    const socket = await open(port);
    if (at % 2 === 0) socket.write(Buffer.from([22, 3, 1]));
    socket.resetAndDestroy();
  }
  expect(await ask(port, 'localhost')).toBe('people');
});

/** What `/who` answers over TLS after a start in the clear, which may come in the same packet as the ClientHello or alone. */
const askAfter = async (port: number, start: Buffer): Promise<string> => {
  const raw = await open(port);
  raw.write(start);
  const socket = connectTls({ socket: raw, servername: 'localhost', ca: authority.certificatePem });
  return new Promise((resolve) => {
    let text = '';
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString();
    });
    socket.on('error', () => resolve('refused')).on('close', () => resolve(text.split('\r\n\r\n')[1] ?? 'refused'));
    socket.on('secureConnect', () => socket.write('GET /who HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n'));
  });
};
const version1 = Buffer.from('PROXY TCP4 203.0.113.7 10.0.0.1 5000 443\r\n');

test('a trusted balancer names the client, and must', async () => {
  const port = await listen({}, ['127.0.0.0/8']);
  expect(await askAfter(port, version1)).toContain('203.0.113.7');
  expect(await askAfter(port, Buffer.from('PROXY UNKNOWN\r\n'))).toContain('127.0.0.1');
  expect(await askAfter(port, Buffer.alloc(0))).toBe('refused');
  expect(await askAfter(port, Buffer.concat([version1, version1]))).toBe('refused');
});

test('nobody else may name another client', async () => {
  const port = await listen({}, ['10.0.0.0/8']);
  expect(await askAfter(port, version1)).toBe('refused');
  expect(await askAfter(port, Buffer.alloc(0))).toContain('127.0.0.1');
});

test('limits of one address count for the client behind a balancer, not for the balancer', async () => {
  const port = await listen({ perAddress: 1 }, ['127.0.0.1']);
  const first = await open(port);
  first.write(version1);
  await vi.waitFor(() => expect(front?.figures().open).toBe(1), patience);
  const same = await open(port);
  same.write(version1);
  await closed(same);
  expect(await askAfter(port, Buffer.from('PROXY TCP4 203.0.113.8 10.0.0.1 5000 443\r\n'))).toContain('203.0.113.8');
});
