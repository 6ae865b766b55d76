import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type LookupFunction, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createGuardedFetch } from './guarded-fetch.ts';

const servers: (Server | ReturnType<typeof createTcpServer>)[] = [];
const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  for (const server of servers.splice(0)) server.close();
});

const listening = async (server: Server | ReturnType<typeof createTcpServer>): Promise<number> => {
  servers.push(server);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

const serve = async (answer: (request: IncomingMessage, response: ServerResponse) => void): Promise<string> =>
  `127.0.0.1:${await listening(createServer(answer))}`;

const redirectingTo = (location: string): Promise<string> =>
  serve((_request, response) => response.writeHead(302, { location }).end());

const init = { headers: {}, signal: AbortSignal.timeout(10_000), redirect: 'follow' as const };
/** What went wrong, with all causes. */
const failureOf = async (attempt: Promise<unknown>): Promise<string> =>
  attempt.then(
    () => 'it was fetched',
    (error: unknown) => {
      const said: string[] = [];
      for (let cause = error; cause instanceof Error && said.length < 8; cause = cause.cause) said.push(cause.message);
      return said.join(' < ');
    },
  );

describe('a redirect of a publisher', () => {
  it.each([
    ['http://example.com/', /not encrypted/],
    ['https://169.254.169.254/latest/meta-data/', /no address of the Internet/],
    ['https://10.0.0.1/', /no address of the Internet/],
    ['https://[::1]/', /no address of the Internet/],
    ['https://[::ffff:192.168.0.1]/', /no address of the Internet/],
    ['https://localhost/', /no address of the Internet/],
  ])('to %s is refused', async (location, why) => {
    const host = await redirectingTo(location);
    const fetch = createGuardedFetch({ trustedHosts: new Set([host]) });
    expect(await failureOf(fetch(`http://${host}/`, init))).toMatch(why);
  });

  it('to a name that leads into the own network is refused at the moment of connecting', async () => {
    const host = await redirectingTo('https://harmless.example/');
    const lookup: LookupFunction = (_name, _options, done) => done(null, [{ address: '10.1.1.1', family: 4 }]);
    const fetch = createGuardedFetch({ trustedHosts: new Set([host]), lookup });
    expect(await failureOf(fetch(`http://${host}/`, init))).toContain(
      'harmless.example has no address of the Internet',
    );
  });

  it('within what the operator named is followed, without end it is not', async () => {
    const host = await serve((request, response) =>
      request.url === '/old'
        ? response.writeHead(307, { location: '/new' }).end()
        : request.url === '/loop'
          ? response.writeHead(302, { location: '/loop' }).end()
          : response.end('data'),
    );
    const fetch = createGuardedFetch({ trustedHosts: new Set([host]) });
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await fetch(`http://${host}/old`, init)).body ?? []) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe('data');
    expect(await failureOf(fetch(`http://${host}/loop`, init))).toContain('more than 5 redirects');
  });
});

/** A proxy that speaks CONNECT alone, with a password, and leads every name to `target`. */
const startProxy = async (target: number): Promise<{ port: number; asked: string[] }> => {
  const asked: string[] = [];
  const proxy = createServer((_request, response) => response.writeHead(405).end());
  proxy.on('connect', (request: IncomingMessage, socket: Socket) => {
    asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? 'nobody'}`);
    if (request.headers['proxy-authorization'] === undefined) return socket.end('HTTP/1.1 407 No\r\n\r\n');
    const upstream = connect(target, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      socket.pipe(upstream).pipe(socket);
    });
    for (const end of [socket, upstream]) end.on('error', () => end.destroy());
    return undefined;
  });
  return { port: await listening(proxy), asked };
};

describe('a proxy', () => {
  const basic = `Basic ${Buffer.from('ada:pass word').toString('base64')}`;

  it('is asked by CONNECT, with its password', async () => {
    const reached = createTcpServer((socket) => socket.destroy());
    const { port, asked } = await startProxy(await listening(reached));
    const proxy = { url: `http://ada:pass%20word@127.0.0.1:${port}`, except: [] };
    const fetch = createGuardedFetch({ proxy, trustedHosts: new Set() });
    // What it leads to speaks no TLS; that it was asked for the right place is what counts here.
    await failureOf(fetch('https://feeds.example/all.zip', init));
    expect(asked).toEqual([`feeds.example:443 ${basic}`]);
  });

  it('that refuses is a failure that says so', async () => {
    const { port } = await startProxy(9);
    const fetch = createGuardedFetch({
      proxy: { url: `http://127.0.0.1:${port}`, except: [] },
      trustedHosts: new Set(),
    });
    expect(await failureOf(fetch('https://feeds.example/', init))).toContain('407');
  });

  it.each([['*'], ['127.0.0.1'], ['127.0.0.0/8'], ['127.0.0.1:PORT']])('is passed by for %s', async (except) => {
    const host = await serve((_request, response) => response.end('direct'));
    const { port, asked } = await startProxy(9);
    const proxy = { url: `http://127.0.0.1:${port}`, except: [except.replace('PORT', host.split(':')[1] ?? '')] };
    const answer = await createGuardedFetch({ proxy, trustedHosts: new Set([host]) })(`http://${host}/`, init);
    expect([answer.status, asked]).toEqual([200, []]);
  });
});
