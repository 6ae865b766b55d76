import { createServer } from 'node:https';
import { createSecureContext } from 'node:tls';
import { sensorServerName } from '@parapet/contract/wire';
import type { Clock } from '@parapet/core';
import { messageOf } from '@parapet/core';
import { createAuthority } from '../authority/authority.ts';
import { listHostNames } from '../authority/host-names.ts';
import { createWebCertificate } from '../authority/web-certificate.ts';
import type { ConsoleConfig } from '../config/config.ts';
import type { DataFolder } from '../data-folder/data-folder.ts';
import type { FileLog } from '../logging/create-log.ts';
import { listen } from './listen.ts';

export type UpgradeNoticeDeps = {
  readonly config: ConsoleConfig;
  readonly clock: Clock;
  readonly folder: DataFolder;
  readonly log: FileLog;
};

export type UpgradeNotice = AsyncDisposable & {
  readonly port: number | undefined;
  /** What is under way, one sentence. */
  readonly tell: (step: string) => void;
};

/**
 * Answers on the console's port while its data is brought up to date: everybody gets 503 and a sentence, so that nobody takes
 * it for gone. Sensors are turned away before they could take its certificate for a wrong one; they try again. A port that
 * cannot be had is told when the console itself wants it.
 */
export const startUpgradeNotice = async ({ config, folder, clock, log }: UpgradeNoticeDeps): Promise<UpgradeNotice> => {
  let step = 'The console is being upgraded.';
  const authority = await createAuthority({ keysDir: folder.keysDir, keyFile: config.keyFile, clock });
  const publicNames = config.publicUrls.map((url) => new URL(url).hostname);
  const certificate = await createWebCertificate({
    ...{ authority, clock, keysDir: folder.keysDir, files: config.tls, publicNames },
    names: () => listHostNames(publicNames),
  });
  const { certificatePem: cert, privateKeyPem: key } = certificate.current();
  const context = createSecureContext({ cert, key, minVersion: 'TLSv1.2' });
  const server = createServer(
    {
      ...{ cert, key, minVersion: 'TLSv1.2', headersTimeout: 10_000, requestTimeout: 10_000 },
      SNICallback: (name, done) =>
        name === sensorServerName ? done(new Error('Sensors come back later.')) : done(null, context),
    },
    (request, response) => {
      const path = request.url ?? '/';
      const isAlive = path === '/healthz';
      const wantsPage = request.headers.accept?.includes('text/html') === true;
      response.writeHead(isAlive ? 200 : 503, {
        'content-type': wantsPage ? 'text/html; charset=utf-8' : 'application/json',
        'cache-control': 'no-store',
        'retry-after': '5',
        connection: 'close',
      });
      response.end(isAlive ? '{"status":"ok"}' : wantsPage ? pageOf(step) : errorOf(step));
    },
  );
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  const port = await listen(server, config.host, config.port).catch((error: unknown) => {
    log.warn({ error: messageOf(error) }, 'nobody can be told that the console is being upgraded');
    return undefined;
  });
  return {
    port,
    tell: (next) => {
      step = next;
    },
    [Symbol.asyncDispose]: async () => {
      if (port === undefined) return;
      server.closeAllConnections();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
};

const errorOf = (step: string): string =>
  JSON.stringify({ error: { code: 'upgrading', message: step, requestId: '' } });

const pageOf = (
  step: string,
): string => `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta http-equiv="refresh" content="3">
<meta name="color-scheme" content="light dark"><title>Upgrading · Parapet</title></head><body>
<h1>Parapet is being upgraded</h1>
<p>${step.replace(/[<>&]/g, ' ')}</p>
<p>Nothing is lost meanwhile: sensors keep what they see. This page comes back by itself.</p>
</body></html>
`;
