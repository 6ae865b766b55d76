import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock } from '@parapet/core';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Database } from '../database/database.ts';
import type { Log } from '../logging/log.ts';
import type { WriteGate } from '../self-watch/write-gate.ts';
import { releaseHeld } from './event-files.ts';
import { createEventStore, type EventStore } from './event-store.ts';
import { createParquetExport } from './export-parquet.ts';
import { createHuntAudit } from './hunt-audit.ts';
import { createHuntRoutes } from './hunt-routes.ts';
import { createHunts, type Hunts } from './hunts.ts';
import type { DiskPressure, EventLimits } from './let-go.ts';
import { readPositions, readProgress } from './manifest.ts';
import { openFrameSpool } from './spool/frame-spool.ts';
import { createTelemetryPort, type TelemetryPort } from './telemetry-port.ts';
import { createTelemetryWorker } from './worker.ts';

export type TelemetryFeature = AsyncDisposable & {
  readonly handlers: ReturnType<typeof createHuntRoutes>;
  readonly hunts: Hunts;
  readonly port: TelemetryPort;
  readonly store: EventStore;
};

const storingMegabytes = 256;
const searchingMegabytes = 384;

/** Events from the wire to the answer of a hunt: spool, files, search. */
export const createTelemetryFeature = async (deps: {
  readonly db: Database;
  /** The same for what is asked with few texts, again and again. */
  readonly preparedDb?: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: AuditLog;
  /** A folder of ours below the data folder. */
  readonly folder: string;
  readonly limits: () => Promise<EventLimits>;
  readonly pressure: () => DiskPressure | undefined;
  readonly gate: WriteGate;
}): Promise<TelemetryFeature> => {
  const { db, clock, log, audit } = deps;
  const folder = join(deps.folder, 'events');
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await releaseHeld(dirname(deps.folder));
  const stack = new AsyncDisposableStack();
  const storing = stack.use(createTelemetryWorker({ folder, memoryMegabytes: storingMegabytes }));
  const searching = stack.use(createTelemetryWorker({ folder, memoryMegabytes: searchingMegabytes }));
  const spool = await openFrameSpool({
    folder: join(deps.folder, 'spool'),
    storedUpTo: await readProgress(db),
    segmentAgeMs: 300,
  });
  const store = stack.use(
    await createEventStore({
      ...{ db, clock, log, spool, folder, worker: storing },
      ...{ limits: deps.limits, pressure: deps.pressure, gate: deps.gate },
    }),
  );
  stack.defer(spool.close);
  const port = stack.use(createTelemetryPort(spool, await readPositions(db)));
  deps.gate.onChange(() => port.hold(!deps.gate.isOpen('folder')));
  const hunts = createHunts({ db: deps.preparedDb ?? db, worker: searching, folder });
  return {
    hunts,
    port,
    store,
    handlers: createHuntRoutes({
      ...{ db, clock, hunts, huntAudit: createHuntAudit({ audit, clock }) },
      exportParquet: createParquetExport({ db, hunts, folder, gate: deps.gate }),
    }),
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
};
