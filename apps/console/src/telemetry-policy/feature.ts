import type { Clock } from '@parapet/core';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Database } from '../database/database.ts';
import type { LiveFeed } from '../live/live-feed.ts';
import type { Log } from '../logging/log.ts';
import { createPolicyDesk, type PolicyPort } from './policy-port.ts';
import { createPolicyRoutes } from './policy-routes.ts';

export type TelemetryPolicyFeature = AsyncDisposable & {
  readonly port: PolicyPort;
  readonly handlers: ReturnType<typeof createPolicyRoutes>;
};

/** What sensors record, from the person who says so to the sensors that follow. */
export const createTelemetryPolicyFeature = (deps: {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: AuditLog;
  readonly live: LiveFeed;
  /** How often labels of hosts are looked at anew, default half a minute. */
  readonly lookEveryMs?: number;
}): TelemetryPolicyFeature => {
  const { db, clock, log, audit, live, lookEveryMs } = deps;
  const desk = createPolicyDesk({ db, live, log, ...(lookEveryMs === undefined ? {} : { lookEveryMs }) });
  return {
    port: desk.port,
    handlers: createPolicyRoutes({ db, clock, audit, changed: desk.changed }),
    [Symbol.asyncDispose]: () => desk[Symbol.asyncDispose](),
  };
};
