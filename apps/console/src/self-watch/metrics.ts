import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from '@prometheus-io/client';
import type pg from 'pg';
import type { AuditFigures } from '../audit/audit-log.ts';
import type { DatabaseHealth } from '../database/health.ts';
import type { RequestFigures } from '../http/web-server.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { LiveHub } from '../live/live-feed.ts';
import type { DiskGuard } from './disk-guard.ts';
import type { EventLoopWatch } from './event-loop.ts';
import type { IngestWatch } from './figures.ts';

export type Metrics = {
  readonly contentType: string;
  readonly text: () => Promise<string>;
  readonly onRequest: (figures: RequestFigures) => void;
};

export type MetricsDeps = {
  readonly version: string;
  readonly pool: pg.Pool;
  readonly health: DatabaseHealth;
  readonly eventLoop: EventLoopWatch;
  readonly live: Pick<LiveHub, 'figures'>;
  readonly audit: { readonly figures: () => AuditFigures };
  readonly ingest: IngestWatch;
  readonly jobs: Pick<Jobs, 'figures'>;
  readonly guard: Pick<DiskGuard, 'state' | 'usedShare' | 'reserve'>;
};

/** Figures for Prometheus. Labels hold route patterns and queue names only, never anything that came from outside. */
export const createMetrics = (deps: MetricsDeps): Metrics => {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'parapet_' });
  const requests = new Histogram({
    name: 'parapet_http_request_duration_seconds',
    help: 'Time to answer a request, by route and status class.',
    labelNames: ['route', 'status'],
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers: [registry],
  });
  registerGauges(registry, deps);
  registerQueues(registry, deps.jobs);
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    onRequest: ({ route, status, durationMs }) =>
      requests.observe({ route, status: `${Math.trunc(status / 100)}xx` }, durationMs / 1000),
  };
};

const registerGauges = (registry: Registry, deps: MetricsDeps): void => {
  const gauge = (name: string, help: string, read: () => number): void => {
    new Gauge({
      name: `parapet_${name}`,
      help,
      registers: [registry],
      collect() {
        this.set(read());
      },
    });
  };
  gauge('database_up', '1 while the database answers.', () => (deps.health.current().state === 'ok' ? 1 : 0));
  gauge('database_connections', 'Open connections.', () => deps.pool.totalCount);
  gauge('database_connections_waiting', 'Queries that wait for a connection.', () => deps.pool.waitingCount);
  gauge('event_loop_lag_p99_seconds', 'How late the event loop runs.', () => deps.eventLoop.lagMsP99() / 1000);
  gauge('live_streams', 'Pages that follow live changes.', () => deps.live.figures().streams);
  gauge('sensors_connected', 'Sensors connected now.', () => deps.ingest.figures().connectedSensors);
  gauge(
    'ingest_lag_p99_seconds',
    'Sensor clock to committed, over a minute.',
    () => (deps.ingest.figures().lagMsP99 ?? 0) / 1000,
  );
  gauge('disk_used_ratio', 'Of the data folder’s file system, the reserve included.', () => deps.guard.usedShare());
  gauge('disk_state', '0 ok, 1 more than 85 % full, 2 full: nothing is taken from sensors.', () =>
    ['ok', 'tight', 'full'].indexOf(deps.guard.state()),
  );
  gauge('disk_reserve_held', '1 while room is kept back for the database.', () => (deps.guard.reserve().held ? 1 : 0));
  const counter = (name: string, help: string, read: () => number): void => {
    new Counter({
      name: `parapet_${name}_total`,
      help,
      registers: [registry],
      collect() {
        this.reset();
        this.inc(read());
      },
    });
  };
  counter(
    'live_streams_dropped',
    'Pages that read too slowly and had to come back.',
    () => deps.live.figures().dropped,
  );
  counter('audit_failed', 'Audit entries that could not be stored.', () => deps.audit.figures().failed);
  counter('audit_suppressed', 'Refusals of strangers beyond the limit.', () => deps.audit.figures().suppressed);
  counter('ingest_frames', 'Frames taken from sensors.', () => deps.ingest.figures().framesTotal);
  counter('ingest_records', 'Records taken from sensors.', () => deps.ingest.figures().recordsTotal);
  counter('ingest_refused_frames', 'Frames refused.', () => deps.ingest.figures().refusedFrames);
  counter(
    'ingest_unknown_messages',
    'Messages of a kind this version does not know.',
    () => deps.ingest.figures().unknownMessages,
  );
  new Gauge({
    name: 'parapet_info',
    help: 'The version that runs.',
    labelNames: ['version'],
    registers: [registry],
  }).set({ version: deps.version }, 1);
};

const registerQueues = (registry: Registry, jobs: Pick<Jobs, 'figures'>): void => {
  new Gauge({
    name: 'parapet_jobs',
    help: 'Jobs by queue and state.',
    labelNames: ['queue', 'state'],
    registers: [registry],
    async collect() {
      // Without the database there are no figures, and that is one: parapet_database_up.
      for (const { name, waiting, active, failed } of await jobs.figures().catch(() => [])) {
        this.set({ queue: name, state: 'waiting' }, waiting);
        this.set({ queue: name, state: 'active' }, active);
        this.set({ queue: name, state: 'failed' }, failed);
      }
    },
  });
};
