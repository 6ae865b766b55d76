import { join } from 'node:path';
import type { Clock } from '@parapet/core';
import { systemClock } from '@parapet/core';
import { createAuditRoutes } from '../audit/audit-routes.ts';
import type { ConsoleConfig } from '../config/config.ts';
import { startControlServer } from '../control/control-server.ts';
import type { OpenDatabaseOptions } from '../database/open-database.ts';
import { createFindingsFeature, type FindingsFeature } from '../findings/feature.ts';
import { createGateway, type Gateway } from '../gateway/gateway.ts';
import { createGraphRoutes } from '../graph/index.ts';
import type { RouteHandlers } from '../http/handler.ts';
import type { RateLimitSettings } from '../http/rate-limits.ts';
import { createWebServer, type WebServer } from '../http/web-server.ts';
import { createLiveRoutes } from '../live/live-routes.ts';
import { issueAdminLink } from '../people/link-routes.ts';
import { createPeopleRoutes } from '../people/people-routes.ts';
import { hasActiveAdmin } from '../people/users.ts';
import { createScanTaskStore } from '../scans/scan-tasks.ts';
import { createDiskWatch } from '../self-watch/disk.ts';
import { watchEventLoop } from '../self-watch/event-loop.ts';
import { mountHealth } from '../self-watch/health-routes.ts';
import { createMetrics } from '../self-watch/metrics.ts';
import { createStatusRoutes, type StatusDeps } from '../self-watch/status-routes.ts';
import { listAddresses } from './addresses.ts';
import { openCertificates } from './certificates.ts';
import { createControlHandlers } from './control-handlers.ts';
import { listen } from './listen.ts';
import { createPeople, type People, scheduleCleaning } from './people.ts';
import { openPlatform, type Platform } from './platform.ts';

export type ConsoleOptions = {
  readonly clock?: Clock;
  readonly database?: OpenDatabaseOptions;
  readonly rateLimits?: RateLimitSettings;
  /** How often sensors say that they live. */
  readonly heartbeatEveryMs?: number;
  /** Told of steps that take a while. */
  readonly say?: (step: string) => void;
};

/** A running console. */
export type Console = AsyncDisposable & {
  /** `https://…` under which people reach it, best first. */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly firstAdminNeeded: () => Promise<boolean>;
  /** A one-time link: for the first admin while there is none, else to reset a named person's password. */
  readonly adminLink: (username?: string) => ReturnType<typeof issueAdminLink>;
  readonly platform: Platform;
  readonly people: People;
  readonly gateway: Gateway;
  readonly web: WebServer;
};

/**
 * Builds every part of the console once, in this order, and starts it. Disposing it is the same order reversed. Throws
 * AppError with a sentence for people; what was started until then is stopped again.
 */
export const startConsole = async (config: ConsoleConfig, options: ConsoleOptions = {}): Promise<Console> => {
  await using stack = new AsyncDisposableStack();
  const clock = options.clock ?? systemClock;
  const startedAt = clock.now();
  const platform = await openPlatform(
    config,
    { clock, database: options.database, say: options.say ?? (() => undefined) },
    stack,
  );
  const { folder, log, db, audit, live, jobs } = platform;
  const bound = { port: config.port, serving: false };
  const addresses = (): readonly string[] => listAddresses(config, bound.port);

  const people = createPeople(platform, () => addresses()[0] ?? '');
  scheduleCleaning(platform, people);
  const { authority, webServer } = await openCertificates(platform, stack);
  const gateway = await createGateway({
    ...{ db, clock, log, audit, live, authority, web: webServer, version: config.version, consoleUrls: addresses },
    ...{ taskStore: createScanTaskStore(db), spoolDir: join(folder.root, 'spool') },
    ...(options.heartbeatEveryMs === undefined ? {} : { heartbeatEveryMs: options.heartbeatEveryMs }),
  });
  const findings: FindingsFeature = createFindingsFeature({
    ...{ db, clock, live, log, jobs, dispatcher: gateway.tasks, publishers: config.feeds },
    ...{ feedsDir: folder.feedsDir, temporaryDir: folder.temporaryDir },
  });
  stack.use(findings);
  gateway.onChange(findings.inventoryChanged);
  const status: StatusDeps = {
    ...{ db, clock, startedAt, addresses, jobs, health: platform.health, ingest: gateway },
    ...{ version: config.version, name: config.name, dataDir: config.dataDir, feedAge: findings.feedAge },
    disk: createDiskWatch({ root: folder.root, clock }),
    eventLoop: stack.use(watchEventLoop()),
  };
  const handlers: RouteHandlers = {
    ...createPeopleRoutes(people),
    ...createAuditRoutes({ db }),
    ...createStatusRoutes(status),
    ...createLiveRoutes({ ...people, live }),
    ...createGraphRoutes({ database: db, clock, audit, live }),
    ...gateway.routes,
    ...findings.handlers,
  };
  const metrics = createMetrics({ ...platform, ...status, pool: platform.database.pool });
  const web = await createWebServer({
    ...{ handlers, log, audit, authenticator: people.authenticator, server: webServer, rateLimits: options.rateLimits },
    ...{ version: config.version, webDir: config.webDir, publicUrls: config.publicUrls },
    strictTransport: config.tls !== undefined,
    onRequest: metrics.onRequest,
    mountMore: (app) =>
      mountHealth(app, { ...status, metrics, authenticator: people.authenticator, isServing: () => bound.serving }),
  });
  stack.defer(web.close);
  stack.defer(gateway.stop);

  await jobs.start();
  await findings.start();
  await gateway.start();
  bound.port = await listen(gateway.server, config.host, config.port);
  const adminLink = (username?: string) => issueAdminLink(people, username);
  const control = await startControlServer({
    ...{ dataDir: folder.root, log },
    handlers: createControlHandlers({ status, people, gateway, feeds: findings.feeds, addresses }),
  });
  stack.defer(control.close);
  bound.serving = true;
  stack.defer(() => {
    bound.serving = false;
  });
  log.info({ port: bound.port, startMs: clock.now() - startedAt }, 'console serves');

  const running = stack.move();
  return {
    ...{ platform, people, gateway, web, adminLink, port: bound.port, addresses: addresses() },
    firstAdminNeeded: async () => !(await hasActiveAdmin(db)),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
};
