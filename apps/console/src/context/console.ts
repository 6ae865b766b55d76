import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '@parapet/core';
import { systemClock } from '@parapet/core';
import type { ConsoleConfig } from '../config/config.ts';
import { startControlServer } from '../control/control-server.ts';
import type { OpenDatabaseOptions } from '../database/open-database.ts';
import { mountDownloads } from '../delivery/delivery-routes.ts';
import type { FindingIndex } from '../findings/index/finding-index.ts';
import type { Gateway } from '../gateway/gateway.ts';
import type { RateLimitSettings } from '../http/rate-limits.ts';
import { createWebServer, type WebServer } from '../http/web-server.ts';
import { issueAdminLink } from '../people/link-routes.ts';
import { hasActiveAdmin } from '../people/users.ts';
import { mountHealth } from '../self-watch/health-routes.ts';
import { createMetrics } from '../self-watch/metrics.ts';
import type { TelemetryFeature } from '../telemetry/feature.ts';
import type { SensorArchives } from '../upgrades/archives.ts';
import { listAddresses } from './addresses.ts';
import { type Certificates, openCertificates } from './certificates.ts';
import { createControlHandlers } from './control-handlers.ts';
import { createFeatures, type Features } from './features.ts';
import { listen } from './listen.ts';
import { createPeople, type People, scheduleCleaning } from './people.ts';
import { openPlatform, type Platform } from './platform.ts';

export type ConsoleOptions = {
  readonly clock?: Clock;
  readonly database?: OpenDatabaseOptions;
  readonly rateLimits?: RateLimitSettings;
  /** Sensors to hand out, in place of the console's own. */
  readonly archives?: SensorArchives;
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
  readonly telemetry: TelemetryFeature;
  readonly findingIndex: FindingIndex;
  readonly web: WebServer;
};

/** What changes while the console starts and stops. */
type Bound = { port: number; serving: boolean };

/**
 * Builds every part of the console once, in this order, and starts it. Disposing it is the same order reversed. Throws
 * AppError with a sentence for people; what was started until then is stopped again.
 */
export const startConsole = async (config: ConsoleConfig, options: ConsoleOptions = {}): Promise<Console> => {
  await using stack = new AsyncDisposableStack();
  const clock = options.clock ?? systemClock;
  const startedAt = clock.now();
  const say = options.say ?? (() => undefined);
  const bound: Bound = { port: config.port, serving: false };
  const addresses = (): readonly string[] => listAddresses(config, bound.port);

  const platform = await openPlatform(config, { clock, database: options.database, say }, stack);
  const people = createPeople(platform, () => addresses()[0] ?? '');
  scheduleCleaning(platform, people);
  const certificates = await openCertificates(platform, stack);
  const features = await createFeatures({
    ...{ platform, people, certificates, addresses, startedAt, stack },
    heartbeatEveryMs: options.heartbeatEveryMs,
    archives: options.archives,
  });
  const web = await openWeb({ platform, people, certificates, features, bound, rateLimits: options.rateLimits });
  stack.defer(web.close);
  stack.defer(features.gateway.stop);

  await platform.jobs.start();
  await features.guard.start();
  await features.findings.start();
  features.graphIndexes.edgeIndex.start();
  features.graphIndexes.assetIndex.start();
  features.rollouts.start();
  await features.gateway.start();
  features.delivery.start();
  bound.port = await listen(features.gateway.server, config.host, config.port);
  const control = await startControlServer({
    dataDir: platform.folder.root,
    log: platform.log,
    handlers: createControlHandlers({
      ...{ ...features, people, addresses, feeds: features.findings.feeds, authority: certificates.authority },
    }),
  });
  stack.defer(control.close);
  stack.use(serving(bound, config.drainMs));
  platform.log.info({ port: bound.port, startMs: clock.now() - startedAt }, 'console serves');

  const running = stack.move();
  return {
    ...{ platform, people, web, gateway: features.gateway, telemetry: features.telemetry },
    findingIndex: features.findings.index,
    ...{ port: bound.port, addresses: addresses() },
    firstAdminNeeded: async () => !(await hasActiveAdmin(platform.db)),
    adminLink: (username) => issueAdminLink(people, username),
    [Symbol.asyncDispose]: () => running.disposeAsync(),
  };
};

const openWeb = (parts: {
  readonly platform: Platform;
  readonly people: People;
  readonly certificates: Certificates;
  readonly features: Features;
  readonly bound: Readonly<Bound>;
  readonly rateLimits: RateLimitSettings | undefined;
}): Promise<WebServer> => {
  const { platform, people, features, bound } = parts;
  const { config } = platform;
  const { authenticator } = people;
  const metrics = createMetrics({ ...platform, ...features.status, pool: platform.database.pool });
  return createWebServer({
    server: parts.certificates.webServer,
    handlers: features.handlers,
    authenticator,
    audit: platform.audit,
    log: platform.log,
    version: config.version,
    webDir: config.webDir,
    publicUrls: config.publicUrls,
    trustedProxies: config.trustedProxies,
    strictTransport: config.tls !== undefined,
    rateLimits: parts.rateLimits,
    onRequest: metrics.onRequest,
    mountMore: (app) => {
      mountHealth(app, { ...features.status, metrics, authenticator, isServing: () => bound.serving });
      mountDownloads(app, features.downloads);
    },
  });
};

/** From now on ready, and not any more as soon as stopping begins; balancers have `drainMs` to notice before the port closes. */
const serving = (bound: Bound, drainMs: number): AsyncDisposable => {
  bound.serving = true;
  return {
    [Symbol.asyncDispose]: async () => {
      bound.serving = false;
      if (drainMs > 0) await sleep(drainMs);
    },
  };
};
