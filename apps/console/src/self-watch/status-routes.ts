import type { SystemStatus } from '@parapet/contract/api';
import type { Clock } from '@parapet/core';
import type { Expression } from 'kysely';
import type { WebCertificateState } from '../authority/web-certificate.ts';
import type { Database } from '../database/database.ts';
import type { DatabaseHealth } from '../database/health.ts';
import type { RouteHandlers } from '../http/handler.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { inScope } from '../people/scope.ts';
import { readBlindness, readLosses, recentMs } from '../sensors/losses.ts';
import type { EventStore, EventStoreHealth } from '../telemetry/event-store.ts';
import type { DiskState, DiskWatch } from './disk.ts';
import type { DiskGuard } from './disk-guard.ts';
import type { EventLoopWatch } from './event-loop.ts';
import type { FeedAge, IngestWatch } from './figures.ts';
import { readTrust } from './trust.ts';

const maxUnseen = 200;

export type StatusDeps = {
  readonly db: Database;
  readonly clock: Clock;
  readonly version: string;
  readonly name: string;
  readonly dataDir: string;
  readonly startedAt: number;
  readonly health: DatabaseHealth;
  /** Where events are stored. */
  readonly events: Pick<EventStore, 'health'>;
  readonly disk: DiskWatch;
  readonly guard: Pick<DiskGuard, 'state' | 'usedShare' | 'reserve'>;
  /** Whether the database lies on the watched disk; another one is watched by whoever runs it. */
  readonly holdsDatabase: boolean;
  readonly eventLoop: EventLoopWatch;
  readonly jobs: Pick<Jobs, 'figures'>;
  readonly ingest: IngestWatch;
  readonly feedAge: FeedAge;
  readonly copies: () => SystemStatus['memory']['copies'];
  readonly addresses: () => readonly string[];
  readonly certificate: { readonly state: () => WebCertificateState };
};

export const createStatusRoutes = (deps: StatusDeps): Pick<RouteHandlers, 'status.get' | 'trust.get'> => ({
  'status.get': ({ caller }) => readStatus(deps, caller.scope),
  'trust.get': async ({ caller }) => {
    const [feeds, trust] = await Promise.all([deps.feedAge.age(), readTrust(deps.db, deps.clock.now(), caller.scope)]);
    const disk = { state: deps.guard.state(), usedShare: deps.guard.usedShare() };
    const degraded =
      degradation(deps.health.current().state, disk.state, deps.holdsDatabase) ??
      stalledEvents(deps.events.health(), deps.clock.now());
    return {
      feeds,
      ...trust,
      disk,
      ...(degraded === undefined ? {} : { degraded }),
      at: new Date(deps.clock.now()).toISOString(),
    };
  },
});

/** The console's own health. Hosts out of scope are left out of its losses and blind intervals. */
export const readStatus = async (deps: StatusDeps, scope: Parameters<typeof readTrust>[2]): Promise<SystemStatus> => {
  const now = deps.clock.now();
  const health = deps.health.current();
  const events = deps.events.health();
  const { source, expiresAt, warnings } = deps.certificate.state();
  const { rss, heapUsed } = process.memoryUsage();
  const { framesTotal: _frames, recordsTotal: _records, ...ingest } = deps.ingest.figures();
  const unseen = {
    has: (hostId: Expression<unknown>) => inScope(scope, hostId),
    since: new Date(now - recentMs),
    limit: maxUnseen,
  };
  const [queues, disk, losses, blind] = await Promise.all([
    deps.jobs.figures(),
    deps.disk.figures(),
    readLosses(deps.db, unseen),
    readBlindness(deps.db, unseen),
  ]);
  return {
    version: deps.version,
    name: deps.name,
    startedAt: new Date(deps.startedAt).toISOString(),
    dataDir: deps.dataDir,
    stores: [
      { name: 'database', state: health.state, detail: health.detail, since: new Date(health.since).toISOString() },
      { name: 'events', state: events.state, detail: events.detail, since: new Date(events.since).toISOString() },
    ],
    queues: [...queues],
    ingest,
    memory: { rssBytes: rss, heapBytes: heapUsed, copies: deps.copies() },
    eventLoopLagMsP99: deps.eventLoop.lagMsP99(),
    disk,
    losses,
    blind,
    addresses: [...deps.addresses()],
    certificate: { source, expiresAt: expiresAt.toISOString(), warnings: [...warnings] },
  };
};

/** A failure that passes is none: what waits is stored later. */
const patienceMs = 60_000;

const stalledEvents = ({ state, since }: EventStoreHealth, now: number): string | undefined =>
  state === 'away' && now - since > patienceMs
    ? 'Events cannot be stored: they wait on the disk, and hunts do not find them. Settings, This console says why.'
    : undefined;

const degradation = (database: 'ok' | 'away', disk: DiskState, holdsDatabase: boolean): string | undefined => {
  if (database === 'away') return 'The database does not answer: what is shown may be old.';
  if (disk === 'full' && holdsDatabase)
    return 'The disk is full: nothing new is taken from sensors, which keep it until there is room, and risk, matching and scans rest. Make room in the data folder’s file system, or keep less in Settings, Retention.';
  if (disk === 'full')
    return 'The data folder’s disk is full: no events and no lists of packages are taken from sensors, which keep them, and feeds are not updated. Make room.';
  if (disk === 'tight')
    return 'The disk is more than 85 % full: events older than a day are deleted to make room. Make room soon, or keep less: Settings, Retention says what takes it. At 95 % nothing more is taken from sensors.';
  return undefined;
};
