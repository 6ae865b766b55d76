import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, type Server as HttpsServer } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LiveEvent } from '@parapet/contract/api';
import { type Clock, systemClock } from '@parapet/core';
import type { AuditRecord } from '../audit/audit-record.ts';
import { type Authority, createAuthority } from '../authority/authority.ts';
import type { Database } from '../database/database.ts';
import { createGateway, type Gateway, type GatewayDeps } from '../gateway/gateway.ts';
import { silentLog } from '../logging/log.ts';
import { alwaysOpen } from '../self-watch/write-gate.ts';
import { createEnrolmentKeys, type NewEnrolmentKey } from '../sensors/enrolment-keys.ts';
import type { Place } from './fake-sensor.ts';

export type TestGateway = AsyncDisposable &
  Place & {
    readonly gateway: Gateway;
    readonly authority: Authority;
    readonly audit: readonly AuditRecord[];
    readonly live: readonly LiveEvent[];
    readonly keysDir: string;
    /** A usable enrolment key. */
    readonly key: (part?: Partial<NewEnrolmentKey>) => Promise<{ readonly id: string; readonly secret: string }>;
  };

/** A gateway that listens on a free port of this machine, on a database of the test. */
export const startTestGateway = async (
  db: Database,
  options: { readonly clock?: Clock; readonly keysDir?: string; readonly port?: number } & Partial<GatewayDeps> = {},
): Promise<TestGateway> => {
  const clock = options.clock ?? systemClock;
  const folder = await mkdtemp(join(tmpdir(), 'ppt-gw-'));
  const keysDir = options.keysDir ?? join(folder, 'keys');
  const authority = options.authority ?? (await createAuthority({ keysDir, clock }));
  const audit: AuditRecord[] = [];
  const live: LiveEvent[] = [];
  const gateway = await createGateway({
    db,
    clock,
    log: silentLog,
    audit: {
      record: async (entry) => {
        audit.push(entry);
      },
    },
    live: { publish: (event) => void live.push(event) },
    authority,
    web: await webServer(authority),
    taskStore: { pendingFor: async () => [] },
    spoolDir: join(folder, 'spool'),
    gate: alwaysOpen,
    version: '0.1.0',
    consoleUrls: () => ['https://console.example:8443'],
    ...options,
  });
  await gateway.start();
  await new Promise<void>((resolve) => gateway.server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const address = gateway.server.address();
  if (address === null || typeof address === 'string') throw new Error('The gateway has no port.');
  const keys = createEnrolmentKeys({ db, clock });
  return {
    gateway,
    authority,
    authorityPem: authority.certificatePem,
    audit,
    live,
    keysDir,
    port: address.port,
    key: async (part = {}) => {
      const expiresAt = new Date(clock.now() + 3_600_000);
      const made = await keys.create({ name: 'k', zone: 'default', labels: {}, expiresAt, createdBy: 'test', ...part });
      return { id: made.key.id, secret: made.secret };
    },
    [Symbol.asyncDispose]: async () => {
      await gateway.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
};

const webServer = async (authority: Authority): Promise<HttpsServer> => {
  const credentials = await authority.issueServer(['localhost', '127.0.0.1'], 1);
  return createServer({ key: credentials.privateKeyPem, cert: credentials.certificatePem }, (_request, response) => {
    response.end('web');
  });
};
