import { join } from 'node:path';
import { createAuditRoutes } from '../audit/audit-routes.ts';
import { type BackupFeature, createBackupFeature } from '../backup/backup-feature.ts';
import { createDelivery, type Delivery } from '../delivery/delivery.ts';
import { createDeliveryRoutes } from '../delivery/delivery-routes.ts';
import { createDownloads, type Downloads } from '../delivery/downloads.ts';
import { archivesOf } from '../delivery/sensor-archives.ts';
import { createFindingsFeature, type FindingsFeature } from '../findings/feature.ts';
import { createForensicsDesk, type ForensicsDesk } from '../forensics/desk.ts';
import { createLookDesk } from '../forensics/look-port.ts';
import { createForensicRoutes } from '../forensics/routes.ts';
import { createGateway, type Gateway } from '../gateway/gateway.ts';
import { createAssetIndex } from '../graph/asset-index/asset-index.ts';
import { createEdgeIndex } from '../graph/edge-index/edge-index.ts';
import type { GraphIndexes } from '../graph/graph-in-memory.ts';
import { createGraphRoutes } from '../graph/index.ts';
import type { RouteHandlers } from '../http/handler.ts';
import { createLiveRoutes } from '../live/live-routes.ts';
import { createPeopleRoutes } from '../people/people-routes.ts';
import { eventLimitsOf, eventPressureOf } from '../retention/event-limits.ts';
import { createRetentionFeature } from '../retention/feature.ts';
import { readRetention } from '../retention/settings.ts';
import { createDiskWatch, readSpace } from '../self-watch/disk.ts';
import { createDiskGuard, type DiskGuard } from '../self-watch/disk-guard.ts';
import { watchEventLoop } from '../self-watch/event-loop.ts';
import { createStatusRoutes, type StatusDeps } from '../self-watch/status-routes.ts';
import { createWriteGate } from '../self-watch/write-gate.ts';
import { telemetryFolder } from '../telemetry/event-files.ts';
import { createTelemetryFeature, type TelemetryFeature } from '../telemetry/feature.ts';
import { createTelemetryPolicyFeature } from '../telemetry-policy/feature.ts';
import type { SensorArchives } from '../upgrades/archives.ts';
import { createOrderStore } from '../upgrades/order-store.ts';
import { createRolloutScheduler, type RolloutScheduler } from '../upgrades/rollout-scheduler.ts';
import { createUpgradeRoutes } from '../upgrades/upgrade-routes.ts';
import type { Certificates } from './certificates.ts';
import type { People } from './people.ts';
import type { Platform } from './platform.ts';

export type Features = {
  readonly gateway: Gateway;
  readonly telemetry: TelemetryFeature;
  readonly forensics: ForensicsDesk;
  readonly findings: FindingsFeature;
  readonly graphIndexes: GraphIndexes;
  readonly delivery: Delivery;
  readonly downloads: Downloads;
  readonly backups: BackupFeature;
  readonly rollouts: RolloutScheduler;
  readonly status: StatusDeps;
  readonly guard: DiskGuard;
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
  const disk = createDiskWatch({ root: folder.root, clock });
  const guard = stack.use(createDiskGuard({ root: folder.root, clock, log, space: () => readSpace(folder.root) }));
  const holdsDatabase = config.database.kind === 'embedded';
  const gate = createWriteGate(guard, holdsDatabase);
  guard.onChange(() => live.publish({ kind: 'trust' }));
  const delivery = await createDelivery({
    ...{
      clock,
      log,
      gate,
      version: config.version,
      authorityPin: certificates.authority.pin,
      publicUrls: config.publicUrls,
    },
    ...{ dir: join(folder.root, 'delivery'), programDir: config.programDir, consoleUrls: addresses },
  });
  stack.defer(delivery.stop);
  const downloads = createDownloads({ ...delivery, log });
  const archives = parts.archives ?? archivesOf(delivery);
  const telemetry = stack.use(
    await createTelemetryFeature({
      ...{ db, preparedDb: platform.database.preparedDb, clock, log, audit },
      folder: join(folder.root, telemetryFolder),
      limits: async () => eventLimitsOf(await readRetention(db)),
      pressure: () => eventPressureOf(guard),
      gate,
    }),
  );
  const looks = createLookDesk();
  const policies = stack.use(createTelemetryPolicyFeature({ db, clock, log, audit, live }));
  const gateway = await createGateway({
    ...{ db, clock, log, audit, live, authority: certificates.authority, web: certificates.webServer },
    transact: platform.database.transact,
    ...{
      preparedDb: platform.database.preparedDb,
      telemetry: telemetry.port,
      policies: policies.port,
      looks: looks.port,
    },
    ...{ version: config.version, consoleUrls: addresses },
    proxyProtocolFrom: config.proxyProtocolFrom,
    ...{ taskStore: createOrderStore(db), spoolDir: join(folder.root, 'spool'), archives, gate },
    ...(heartbeatEveryMs === undefined ? {} : { heartbeatEveryMs }),
  });
  const graphIndexes: GraphIndexes = {
    edgeIndex: stack.use(createEdgeIndex({ db, log })),
    assetIndex: stack.use(createAssetIndex({ db, log })),
  };
  const findings = createFindingsFeature({
    ...{
      db,
      steadyDb: platform.database.preparedDb,
      pool: platform.database.pool,
      clock,
      live,
      log,
      audit,
      jobs,
      gate,
      dispatcher: gateway.tasks,
    },
    publishers: config.feeds,
    ...{ feedsDir: folder.feedsDir, temporaryDir: folder.temporaryDir, consoleName: config.name },
  });
  stack.use(findings);
  gateway.onChange(findings.inventoryChanged);
  const rollouts = stack.use(createRolloutScheduler({ db, clock, dispatcher: gateway.tasks, live, log }));
  gateway.onChange(({ kinds }) => {
    if (kinds.includes('presence')) rollouts.wake();
  });
  const retention = createRetentionFeature({
    ...{ db, clock, log, audit, jobs, tidyEvents: telemetry.store.tidy },
    disk: async () => {
      const { freeBytes, totalBytes } = await disk.figures();
      return { freeBytes, totalBytes, state: guard.state(), ...(holdsDatabase ? { reserve: guard.reserve() } : {}) };
    },
  });
  const status: StatusDeps = {
    ...{ disk, guard, holdsDatabase, events: telemetry.store },
    ...{ db, clock, addresses, jobs, health: platform.health, ingest: gateway, feedAge: findings.feedAge },
    ...{ version: config.version, name: config.name, dataDir: config.dataDir, startedAt: parts.startedAt },
    certificate: certificates.webCertificate,
    eventLoop: stack.use(watchEventLoop()),
    copies: () => copiesIn(findings.index, graphIndexes),
  };
  const forensics = createForensicsDesk({
    ...{ db: platform.database.preparedDb, clock, log, audit, hunts: telemetry.hunts, look: looks.look },
    console: { name: config.name, version: config.version },
  });
  const backups = createBackupFeature({
    ...{ db, config, folder, clock, log, audit, jobs, gate },
    address: platform.database.address,
    settleEvents: telemetry.store.settle,
  });
  return {
    ...{ gateway, telemetry, forensics, findings, graphIndexes, delivery, downloads, backups, rollouts, status, guard },
    handlers: {
      ...createPeopleRoutes(people),
      ...createAuditRoutes({ db }),
      ...createStatusRoutes(status),
      ...retention.handlers,
      ...createLiveRoutes({ ...people, live }),
      ...createGraphRoutes({
        ...{ database: db, clock, audit, live, findingIndex: findings.index, indexes: graphIndexes },
        content: findings.content,
      }),
      ...gateway.routes,
      ...createDeliveryRoutes(delivery),
      ...telemetry.handlers,
      ...createForensicRoutes(forensics),
      ...policies.handlers,
      ...createUpgradeRoutes({
        ...{ db, clock, audit, archives, version: config.version, dispatcher: gateway.tasks, wake: rollouts.wake },
      }),
      ...findings.handlers,
      ...backups.handlers,
    },
  };
};

const copiesIn = (
  findings: FindingsFeature['index'],
  { assetIndex, edgeIndex }: GraphIndexes,
): ReturnType<StatusDeps['copies']> => {
  const { findings: rows, ...figures } = findings.figures();
  return [
    { name: 'findings', rows, ...figures },
    { name: 'assets', ...assetIndex.figures() },
    { name: 'connections', ...edgeIndex.figures() },
  ];
};
