import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type RequestOptions, request as requestPlain } from 'node:http';
import { request as requestTls } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './parapet.ts';

/** Addresses of this machine's loopback network stand for machines of their own. */
export const balancerAddress = '127.0.0.2';
export const proxyAddress = '127.0.0.3';
export const clientAddress = '127.0.0.7';

/** What a console behind it is told of it. */
export const balancerSettings = {
  PARAPET_PROXY_PROTOCOL_FROM: `${balancerAddress}/32`,
  PARAPET_TRUSTED_PROXIES: proxyAddress,
} as const;

/** haproxy with one entry for all, passed through with a PROXY header, and one for people over HTTP. */
export type Balancer = {
  readonly tcpPort: number;
  readonly httpPort: number;
  readonly dispose: () => Promise<void>;
};

/** How often the balancer asks the console whether it is ready. */
const checkMs = 500;

const configOf = (ports: { console: number; tcp: number; http: number }): string => `
global
  log /dev/null local0
defaults
  timeout connect 5s
  timeout client 60s
  timeout server 60s
  option redispatch
listen pass-through
  mode tcp
  bind *:${ports.tcp}
  option httpchk GET /readyz
  source ${balancerAddress}
  server console 127.0.0.1:${ports.console} send-proxy-v2 check check-ssl verify none check-send-proxy inter ${checkMs}ms
listen for-people
  mode http
  bind 127.0.0.1:${ports.http}
  option forwardfor
  source ${proxyAddress}
  server console 127.0.0.1:${ports.console} ssl verify none
`;

export const startBalancer = async (consolePort: number, tcpPort: number): Promise<Balancer> => {
  const dir = await mkdtemp(join(tmpdir(), 'ppt-balancer-'));
  const httpPort = await freePort();
  const config = join(dir, 'haproxy.cfg');
  await writeFile(config, configOf({ console: consolePort, tcp: tcpPort, http: httpPort }));
  const haproxy = spawn('/usr/sbin/haproxy', ['-db', '-f', config], { stdio: 'ignore' });
  return {
    tcpPort,
    httpPort,
    dispose: async () => {
      haproxy.kill('SIGKILL');
      await rm(dir, { recursive: true, force: true });
    },
  };
};

export type Answer = { readonly status: number; readonly text: string };

/** Asks from the client's address. Certificates are checked by other tests. */
export const askFrom = (scheme: 'http' | 'https', options: RequestOptions, body?: unknown): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const by = scheme === 'http' ? requestPlain : requestTls;
    const outgoing = by(
      {
        ...{ host: '127.0.0.1', agent: false, rejectUnauthorized: false, localAddress: clientAddress },
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
