import { join } from 'node:path';
import { createAuditRoutes } from '../audit/audit-routes.ts';
import { type BackupFeature, createBackupFeature } from '../backup/backup-feature.ts';
import { createFindingsFeature, type FindingsFeature } from '../findings/feature.ts';
import { createGateway, type Gateway } from '../gateway/gateway.ts';
import { createGraphRoutes } from '../graph/index.ts';
import type { RouteHandlers } from '../http/handler.ts';
import { createLiveRoutes } from '../live/live-routes.ts';
import { createPeopleRoutes } from '../people/people-routes.ts';
import { createDiskWatch } from '../self-watch/disk.ts';
import { watchEventLoop } from '../self-watch/event-loop.ts';
import { createStatusRoutes, type StatusDeps } from '../self-watch/status-routes.ts';
import { noArchives, type SensorArchives } from '../upgrades/archives.ts';
import { createOrderStore } from '../upgrades/order-store.ts';
import { createRolloutScheduler, type RolloutScheduler } from '../upgrades/rollout-scheduler.ts';
import { createUpgradeRoutes } from '../upgrades/upgrade-routes.ts';
import type { Certificates } from './certificates.ts';
import type { People } from './people.ts';
import type { Platform } from './platform.ts';

export type Features = {
  readonly gateway: Gateway;
  readonly findings: FindingsFeature;
  readonly backups: BackupFeature;
  readonly rollouts: RolloutScheduler;
  readonly status: StatusDeps;
  /** One handler for every route of the table. */
  readonly handlers: RouteHandlers;
};

/** Builds what the console does for people and sensors, on its platform. Nothing of it is started yet. */
export const createFeatures = async (parts: {
  readonly platform: Platform;
  readonly people: People;
  readonly certificates: Certificates;
  readonly addresses: () => readonly string[];
  readonly startedAt: number;
  readonly heartbeatEveryMs: number | undefined;
  readonly archives: SensorArchives | undefined;
  readonly stack: AsyncDisposableStack;
}): Promise<Features> => {
  const { platform, people, certificates, addresses, heartbeatEveryMs, stack } = parts;
  const { config, folder, db, clock, log, audit, live, jobs } = platform;
  const archives = parts.archives ?? noArchives;
  const gateway = await createGateway({
    ...{ db, clock, log, audit, live, authority: certificates.authority, web: certificates.webServer },
    preparedDb: platform.database.preparedDb,
    ...{ version: config.version, consoleUrls: addresses },
    ...{ taskStore: createOrderStore(db), spoolDir: join(folder.root, 'spool'), archives },
    ...(heartbeatEveryMs === undefined ? {} : { heartbeatEveryMs }),
  });
  const findings = createFindingsFeature({
    ...{ db, clock, live, log, jobs, dispatcher: gateway.tasks, publishers: config.feeds },
    ...{ feedsDir: folder.feedsDir, temporaryDir: folder.temporaryDir },
  });
  stack.use(findings);
  gateway.onChange(findings.inventoryChanged);
  const rollouts = stack.use(createRolloutScheduler({ db, clock, dispatcher: gateway.tasks, live, log }));
  gateway.onChange(({ kinds }) => {
    if (kinds.includes('presence')) rollouts.wake();
  });
  const status: StatusDeps = {
    ...{ db, clock, addresses, jobs, health: platform.health, ingest: gateway, feedAge: findings.feedAge },
    ...{ version: config.version, name: config.name, dataDir: config.dataDir, startedAt: parts.startedAt },
    certificate: certificates.webCertificate,
    disk: createDiskWatch({ root: folder.root, clock }),
    eventLoop: stack.use(watchEventLoop()),
  };
  const backups = createBackupFeature({
    ...{ db, config, folder, clock, log, audit, jobs },
    address: platform.database.address,
  });
  return {
    ...{ gateway, findings, backups, rollouts, status },
    handlers: {
      ...createPeopleRoutes(people),
      ...createAuditRoutes({ db }),
      ...createStatusRoutes(status),
      ...createLiveRoutes({ ...people, live }),
      ...createGraphRoutes({ database: db, clock, audit, live }),
      ...gateway.routes,
      ...createUpgradeRoutes({
        ...{ db, clock, audit, archives, version: config.version, dispatcher: gateway.tasks, wake: rollouts.wake },
      }),
      ...findings.handlers,
      ...backups.handlers,
    },
  };
};
