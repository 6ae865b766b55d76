import type { Clock } from '@parapet/core';
import { systemClock } from '@parapet/core';
import { createAuditRoutes } from '../audit/audit-routes.ts';
import { createAuthority } from '../authority/authority.ts';
import { listHostNames } from '../authority/host-names.ts';
import { createWebCertificate, type WebCertificate } from '../authority/web-certificate.ts';
import type { ConsoleConfig } from '../config/config.ts';
import { type ControlHandlers, startControlServer } from '../control/control-server.ts';
import type { OpenDatabaseOptions } from '../database/open-database.ts';
import type { RateLimitSettings } from '../http/rate-limits.ts';
import { createWebServer, type WebServer } from '../http/web-server.ts';
import { createLiveRoutes } from '../live/live-routes.ts';
import { issueAdminLink } from '../people/link-routes.ts';
import { createPeopleRoutes } from '../people/people-routes.ts';
import { hasActiveAdmin } from '../people/users.ts';
import { createDiskWatch } from '../self-watch/disk.ts';
import { watchEventLoop } from '../self-watch/event-loop.ts';
import { mountHealth } from '../self-watch/health-routes.ts';
import { createMetrics } from '../self-watch/metrics.ts';
import { createStatusRoutes, readStatus, type StatusDeps } from '../self-watch/status-routes.ts';
import { completeHandlers, createFeatures } from './features.ts';
import { listen } from './listen.ts';
import { createPeople, type People, scheduleCleaning } from './people.ts';
import { openPlatform, type Platform } from './platform.ts';

export type ConsoleOptions = {
  readonly clock?: Clock;
  readonly database?: OpenDatabaseOptions;
  readonly rateLimits?: RateLimitSettings;
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
  const say = options.say ?? (() => undefined);
  const platform = await openPlatform(config, { clock, database: options.database, say }, stack);
  const { folder, log, db } = platform;
  const bound = { port: config.port, serving: false };
  const addresses = (): readonly string[] => listAddresses(config, bound.port);

  const people = createPeople(platform, () => addresses()[0] ?? '');
  scheduleCleaning(platform, people);
  const features = await createFeatures(platform);
  const status: StatusDeps = {
    ...{ db, clock, startedAt, addresses },
    ...{ version: config.version, name: config.name, dataDir: config.dataDir },
    ...{ health: platform.health, jobs: platform.jobs, ingest: features.ingest, feedAge: features.feedAge },
    disk: createDiskWatch({ root: folder.root, clock }),
    eventLoop: stack.use(watchEventLoop()),
  };

  const authority = await createAuthority({ keysDir: folder.keysDir, keyFile: config.keyFile, clock });
  const certificate = await createWebCertificate({
    ...{ authority, clock, keysDir: folder.keysDir, files: config.tls },
    names: () => listHostNames(config.publicUrls.map((url) => new URL(url).hostname)),
  });
  const handlers = completeHandlers({
    ...features.handlers,
    ...createPeopleRoutes(people),
    ...createAuditRoutes({ db }),
    ...createStatusRoutes(status),
    ...createLiveRoutes({ ...people, live: platform.live }),
  });
  const metrics = createMetrics({ ...platform, ...status, pool: platform.database.pool });
  const web = await createWebServer({
    ...{ handlers, log, audit: platform.audit, authenticator: people.authenticator },
    ...{ version: config.version, webDir: config.webDir, publicUrls: config.publicUrls },
    ...{ tls: certificate.current(), strictTransport: config.tls !== undefined, rateLimits: options.rateLimits },
    onRequest: metrics.onRequest,
    mountMore: (app) =>
      mountHealth(app, { ...status, metrics, authenticator: people.authenticator, isServing: () => bound.serving }),
  });
  stack.defer(web.close);
  stack.use(renewCertificate(certificate, web, platform));

  await platform.jobs.start();
  bound.port = await listen(web.server, config.host, config.port);
  const adminLink = (username?: string) => issueAdminLink(people, username);
  const control = await startControlServer({
    dataDir: folder.root,
    log,
    handlers: controlHandlers(status, people, adminLink),
  });
  stack.defer(control.close);
  bound.serving = true;
  stack.defer(() => {
    bound.serving = false;
  });
  log.info({ port: bound.port, startMs: clock.now() - startedAt }, 'console serves');

  const running = stack.move();
  return {
    ...{ platform, people, web, adminLink },
    addresses: addresses(),
    port: bound.port,
    firstAdminNeeded: async () => !(await hasActiveAdmin(db)),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
};

const renewEveryMs = 3_600_000;

/** Takes up a certificate that people replaced, and renews our own before it ends. */
const renewCertificate = (certificate: WebCertificate, web: WebServer, { log }: Platform): Disposable => {
  const refresh = async (): Promise<void> => {
    if (!(await certificate.refresh())) return;
    web.setCertificate(certificate.current());
    log.info({}, 'web certificate renewed');
  };
  const timer = setInterval(() => {
    refresh().catch((error: unknown) => log.error({ error: String(error) }, 'web certificate could not be renewed'));
  }, renewEveryMs);
  timer.unref();
  return { [Symbol.dispose]: () => clearInterval(timer) };
};

const listAddresses = (config: ConsoleConfig, port: number): readonly string[] => {
  const urlOf = (name: string): string =>
    `https://${name.includes(':') ? `[${name}]` : name}${port === 443 ? '' : `:${port}`}`;
  const isEverywhere = ['::', '0.0.0.0', ''].includes(config.host);
  const names = isEverywhere ? ['localhost', ...listHostNames()] : [config.host];
  return [...new Set([...config.publicUrls, ...names.map(urlOf)])];
};

const controlHandlers = (
  status: StatusDeps,
  people: People,
  adminLink: (username?: string) => ReturnType<typeof issueAdminLink>,
): ControlHandlers => ({
  status: async () => ({
    ...(await readStatus(status, null)),
    firstAdminNeeded: !(await hasActiveAdmin(people.db)),
  }),
  adminLink,
  localEnrolment: notYet,
  feedsStatus: notYet,
  feedsUpdate: notYet,
  feedsImport: notYet,
});

const notYet = async (): Promise<never> => {
  throw new Error('not there yet');
};
