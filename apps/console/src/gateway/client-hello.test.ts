import { connect, createServer } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { expect, test } from 'vitest';
import { maxClientHelloBytes, peekClientHello } from './client-hello.ts';

/** The first bytes that a real TLS client sends. */
const recordHello = async (servername: string | undefined): Promise<Buffer> => {
  const { promise, resolve } = Promise.withResolvers<Buffer>();
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', (data) => {
      resolve(Buffer.from(data));
      socket.destroy();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const tcp = connect(address.port, '127.0.0.1');
  const client = connectTls({ socket: tcp, ...(servername === undefined ? {} : { servername }) });
  client.on('error', () => undefined);
  const hello = await promise;
  server.close();
  return hello;
};

test('a real client’s server name is read', async () => {
  expect(peekClientHello(await recordHello('Sensors.Parapet.internal'))).toEqual({
    kind: 'hello',
    serverName: 'sensors.parapet.internal',
  });
});

test('a client without a server name', async () => {
  expect(peekClientHello(await recordHello(undefined))).toEqual({ kind: 'hello', serverName: undefined });
});

test('every cut of a hello is incomplete, never a guess', async () => {
  const hello = await recordHello('a.example');
  for (let length = 0; length < hello.length; length += 1) {
    expect(peekClientHello(hello.subarray(0, length)).kind).toBe('incomplete');
  }
});

test('a hello split over several records is joined', async () => {
  const hello = await recordHello('split.example');
  const body = hello.subarray(5);
  const records = [body.subarray(0, 3), body.subarray(3, 60), body.subarray(60)].map((part) => {
    const header = Buffer.from([22, 3, 1, 0, 0]);
    header.writeUInt16BE(part.length, 3);
    return Buffer.concat([header, part]);
  });
  expect(peekClientHello(Buffer.concat(records))).toEqual({ kind: 'hello', serverName: 'split.example' });
});

test('what is no ClientHello is invalid', async () => {
  const hello = await recordHello('a.example');
  const notHello = Buffer.from(hello);
  notHello[5] = 2;
  expect(peekClientHello(Buffer.from('GET / HTTP/1.1\r\n')).kind).toBe('invalid');
  expect(peekClientHello(Buffer.from([22, 9, 1])).kind).toBe('invalid');
  expect(peekClientHello(Buffer.from([22, 3, 1, 0, 0])).kind).toBe('invalid');
  expect(peekClientHello(notHello).kind).toBe('invalid');
});

test('an endless hello is refused at the limit', () => {
  const header = Buffer.from([22, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xfc]);
  const data = Buffer.concat([header, Buffer.alloc(maxClientHelloBytes)]);
  expect(peekClientHello(data.subarray(0, maxClientHelloBytes)).kind).toBe('invalid');
});

test('any flipped byte leads to an answer, never an exception', async () => {
  const hello = await recordHello('flip.example');
  for (let at = 0; at < hello.length; at += 1) {
    const flipped = Buffer.from(hello);
    flipped[at] = (flipped[at] ?? 0) ^ 0xff;
    expect(['hello', 'invalid', 'incomplete']).toContain(peekClientHello(flipped).kind);
  }
});
