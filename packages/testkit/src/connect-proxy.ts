import { createServer, type IncomingMessage } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';

export type ConnectProxy = AsyncDisposable & {
  /** `http://<host>:<port>`, without credentials. */
  readonly url: string;
  readonly port: number;
  /** What was asked for, `host:port`, in order; refused ones too. */
  readonly asked: readonly string[];
};

export type ConnectProxyOptions = {
  /** Where it listens; this machine alone unless named. */
  readonly host?: string;
  /** `name:password` that it wants (Basic). */
  readonly credentials?: string;
  /** Answers every CONNECT with this status instead, e.g. 403 or 502. */
  readonly refuseWith?: number;
  /** Closes every connection without an answer. */
  readonly hangUp?: boolean;
};

/** An HTTP proxy that does nothing but CONNECT (RFC 9110, 9.3.6), on a free port. */
export const startConnectProxy = async (options: ConnectProxyOptions = {}): Promise<ConnectProxy> => {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((_request, response) => response.writeHead(405).end());
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => sockets.delete(socket));
  };
  server.on('connection', track);
  server.on('connect', (request: IncomingMessage, client: Socket, head: Buffer) => {
    const target = request.url ?? '';
    asked.push(target);
    const refuse = (status: number, headers = ''): void => {
      client.end(`HTTP/1.1 ${status} Refused\r\n${headers}Content-Length: 0\r\n\r\n`);
    };
    if (options.hangUp === true) return client.destroy();
    if (options.refuseWith !== undefined) return refuse(options.refuseWith);
    if (options.credentials !== undefined && request.headers['proxy-authorization'] !== basic(options.credentials)) {
      return refuse(407, 'Proxy-Authenticate: Basic realm="proxy"\r\n');
    }
    const { hostname, port } = new URL(`http://${target}`);
    const upstream = connect(Number(port), hostname.replace(/^\[|\]$/g, ''), () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      if (head.length > 0) upstream.write(head);
      upstream.pipe(client);
      client.pipe(upstream);
    });
    track(upstream);
    upstream.on('error', () => refuse(502));
    client.on('close', () => upstream.destroy());
  });
  await new Promise<void>((resolve) => {
    server.listen(0, options.host ?? '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${options.host ?? '127.0.0.1'}:${port}`,
    port,
    asked,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise<void>((resolve) => {
        server.close(() => resolve());
      });
    },
  };
};

const basic = (credentials: string): string => `Basic ${Buffer.from(credentials).toString('base64')}`;
