import type { Readable } from 'node:stream';
import type { Clock } from '@parapet/core';
import { messageOf } from '@parapet/core';
import type pg from 'pg';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Database } from '../database/database.ts';
import { createAdvisoryFiles } from '../feeds/advisory-files.ts';
import { buildFeed, type FeedBuilder } from '../feeds/feed-builder.ts';
import { enqueueRebuild, enqueueRematch, enqueueUpdate, registerFeedJobs } from '../feeds/feed-jobs.ts';
import { createFeedRoutes } from '../feeds/feed-routes.ts';
import { createFeedService, type FeedService, type FeedServiceDeps } from '../feeds/feed-service.ts';
import { readFeedAge } from '../feeds/feed-status.ts';
import type { InventoryChange } from '../ingest/host-context.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { LiveFeed } from '../live/live-feed.ts';
import type { Log } from '../logging/log.ts';
import { createOverviewRoutes } from '../overview/overview-routes.ts';
import { createPackageRoutes } from '../packages/package-routes.ts';
import { createRiskUpdater } from '../risk/risk-updater.ts';
import { createHistoryRoutes } from '../sboms/history-routes.ts';
import { createSbomReceiver } from '../sboms/receive-sbom.ts';
import { createSoftwareRoutes } from '../sboms/software-routes.ts';
import { createUploadRoutes } from '../sboms/upload-routes.ts';
import { createScanPolicyRoutes } from '../scans/scan-policy.ts';
import { createScanRoutes } from '../scans/scan-routes.ts';
import { createScanScheduler } from '../scans/scan-scheduler.ts';
import { requireRoomToWrite, type WriteGate } from '../self-watch/write-gate.ts';
import type { TaskDispatcher } from '../tasks/task-dispatcher.ts';
import { enqueueVex, registerVexJobs } from '../vex/vex-queue.ts';
import { createVexRoutes } from '../vex/vex-routes.ts';
import { createFindingRoutes } from './finding-routes.ts';
import { registerHousekeeping } from './housekeeping.ts';
import { createFindingIndex } from './index/finding-index.ts';

export type FindingsFeatureDeps = {
  readonly db: Database;
  /** For what is done of every asset again and again: scans, matching, risk. */
  readonly steadyDb?: Database;
  readonly pool: pg.Pool;
  readonly clock: Clock;
  readonly live: LiveFeed;
  readonly log: Log;
  readonly audit: AuditLog;
  readonly jobs: Jobs;
  readonly dispatcher: TaskDispatcher;
  /** Who speaks in VEX documents that the console writes. */
  readonly consoleName: string;
  readonly gate: WriteGate;
  /** Where advisory databases lie, and where uploads may. */
  readonly feedsDir: string;
  readonly temporaryDir: string;
  readonly publishers?: FeedServiceDeps['publishers'];
  readonly build?: FeedBuilder;
};

/**
 * Packages, findings, risk, scans, feeds and the overview, wired together. Make it before the jobs start; `start` it once
 * they did. The dispatcher wants `createScanTaskStore(db)` as its store.
 */
export const createFindingsFeature = (deps: FindingsFeatureDeps) => {
  const { db, clock, live, log, jobs, dispatcher, gate } = deps;
  const steadyDb = deps.steadyDb ?? db;
  const index = createFindingIndex({ db, pool: deps.pool, log });
  const files = createAdvisoryFiles({ db, databaseDir: deps.feedsDir, log });
  const receive = createSbomReceiver({ db: steadyDb, content: files, live, clock });
  const scheduler = createScanScheduler({ db: steadyDb, clock, dispatcher, receive, live, log, gate });
  const updater = createRiskUpdater({ db: steadyDb, clock, live, log, gate });
  const service: FeedService = createFeedService({
    ...{ db, clock, live, log, files, gate },
    build: deps.build ?? buildFeed,
    databaseDir: deps.feedsDir,
    temporaryDir: deps.temporaryDir,
    publishers: deps.publishers ?? { baseUrls: {} },
    rematch: () => enqueueRematch(jobs),
  });
  const rematch = { db, content: files, clock, live, log };
  registerFeedJobs({ jobs, db, clock, log, gate, service: () => service, rematch });
  registerVexJobs({ jobs, db, clock, live, log });
  registerHousekeeping({ jobs, db, clock, gate, enqueueRematch: () => enqueueRematch(jobs) });
  // Matching and a new layout that were left out for want of room.
  let wasOpen = true;
  gate.onChange(() => {
    const isOpen = gate.isOpen('folder');
    const opened = isOpen && !wasOpen;
    wasOpen = isOpen;
    if (!opened) return;
    Promise.all([enqueueRematch(jobs), service.needsRebuild() ? enqueueRebuild(jobs) : undefined]).catch(
      (error: unknown) => log.error({ error: messageOf(error) }, 'matching could not be queued'),
    );
  });
  const startUpdate = async (): Promise<boolean> => {
    requireRoomToWrite(gate, 'folder');
    await service.announce();
    return enqueueUpdate(jobs);
  };

  return {
    index,
    content: files,
    handlers: {
      ...createFindingRoutes({ db, content: files, clock, live, index }),
      ...createSoftwareRoutes({ db, content: files }),
      ...createHistoryRoutes({ db }),
      ...createVexRoutes({
        ...{ db, clock, audit: deps.audit, gate: deps.gate, author: `Parapet console ${deps.consoleName}` },
        apply: () => enqueueVex(jobs),
      }),
      ...createPackageRoutes({ db, content: files }),
      ...createScanPolicyRoutes({ db, clock, audit: deps.audit, wake: scheduler.wake }),
      ...createUploadRoutes({ db, receive, clock, audit: deps.audit, gate: deps.gate, live }),
      ...createScanRoutes({ db, clock, dispatcher, live, wake: scheduler.wake }),
      ...createFeedRoutes({ db, clock, live, service, startUpdate }),
      ...createOverviewRoutes({ db, clock, content: files, index }),
    },
    /** What ingest committed: scans that are needed and risk that changes follow from it. */
    inventoryChanged: (change: InventoryChange): void => {
      if (change.kinds.some((kind) => scanKinds.has(kind))) scheduler.wake();
      if (change.kinds.includes('edge')) updater.edgesChanged();
      if (change.kinds.some((kind) => hostKinds.has(kind))) updater.hostsChanged([change.hostId]);
      updater.assetsChanged(change.assetIds.length === 0 ? [change.hostId] : change.assetIds);
    },
    feedAge: { age: () => readFeedAge(db, new Date(clock.now())) },
    /** For the command line of this machine. */
    feeds: {
      status: service.status,
      update: async () => {
        await startUpdate();
        return service.status();
      },
      import: (bundle: Readable) => service.importStream(bundle),
    },
    start: async (): Promise<void> => {
      await service.start();
      scheduler.start();
      updater.start();
      index.start();
      // A new layout, or a console restored without its advisory database.
      if (service.needsRebuild()) await enqueueRebuild(jobs);
      await enqueueVex(jobs).catch((error: unknown) =>
        log.error({ error: messageOf(error) }, 'VEX documents could not be queued'),
      );
      await enqueueRematch(jobs).catch((error: unknown) =>
        log.error({ error: messageOf(error) }, 'matching could not be queued'),
      );
    },
    [Symbol.asyncDispose]: async (): Promise<void> => {
      await scheduler[Symbol.asyncDispose]();
      await updater[Symbol.asyncDispose]();
      await index[Symbol.asyncDispose]();
      files[Symbol.dispose]();
    },
  };
};
export type FindingsFeature = ReturnType<typeof createFindingsFeature>;

const hostKinds: ReadonlySet<InventoryChange['kinds'][number]> = new Set(['presence', 'collector']);
const scanKinds: ReadonlySet<InventoryChange['kinds'][number]> = new Set(['host', 'container', 'image', 'presence']);
