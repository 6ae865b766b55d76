import { type Clock, messageOf } from '@parapet/core';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { LiveFeed } from '../live/live-feed.ts';
import type { Log } from '../logging/log.ts';
import type { SbomReceiver } from '../sboms/receive-sbom.ts';
import { type WriteGate, whileOpen } from '../self-watch/write-gate.ts';
import type { TaskDispatcher } from '../tasks/task-dispatcher.ts';
import { planScans } from './plan-scans.ts';
import { readScanPolicy } from './scan-policy.ts';
import { applyScanState, endScan, expireScans, failScan } from './scan-states.ts';
import { takeDueScans } from './scan-tasks.ts';

export type ScanSchedulerDeps = {
  readonly db: Database;
  readonly clock: Clock;
  readonly dispatcher: TaskDispatcher;
  readonly receive: SbomReceiver;
  readonly live: LiveFeed;
  readonly log: Log;
  readonly gate: WriteGate;
};

export type ScanScheduler = AsyncDisposable & {
  readonly start: () => void;
  /** Something changed that may need a scan; looked at soon. */
  readonly wake: () => void;
  /** Plans, expires and sends what is due. */
  readonly turn: () => Promise<void>;
};

const everyMs = 10_000;
const wakeMs = 500;
/** A fleet that changes all the time is looked at this often. */
const apartMs = 2_000;

/** Decides what is scanned when, hands it to the sensors and takes the results in. */
export const createScanScheduler = (deps: ScanSchedulerDeps): ScanScheduler => {
  const { db, clock, dispatcher, live, log } = deps;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;
  let started = false;
  let dueAt = Number.POSITIVE_INFINITY;
  let turnedAt = Number.NEGATIVE_INFINITY;
  const now = (): Date => new Date(clock.now());

  dispatcher.onState(async (state) => {
    if (await applyScanState(db, state, now())) live.publish({ kind: 'scans', scanId: state.taskId });
    if (state.state === 'failed' || state.state === 'cancelled' || state.state === 'done') wake();
  });
  dispatcher.onSbom(async (hostId, taskId, document) => {
    await takeSbom(deps, { hostId, taskId }, document);
    live.publish({ kind: 'scans', scanId: taskId });
    wake();
  });

  const turn = whileOpen(deps.gate, 'database', async () => {
    for (const scanId of await expireScans(db, now())) live.publish({ kind: 'scans', scanId });
    await planScans(db, now(), await readScanPolicy(db));
    for (const due of await takeDueScans(db, now())) {
      dispatcher.send(due);
      live.publish({ kind: 'scans', scanId: due.order.taskId });
    }
  });

  const loop = (): void => {
    dueAt = Number.POSITIVE_INFINITY;
    turnedAt = performance.now();
    running = turn()
      .catch((error: unknown) => log.error({ error: messageOf(error) }, 'scans could not be planned'))
      .finally(() => schedule(everyMs));
  };
  /** The earlier of what is scheduled and this: steady waking must not put a turn off. */
  const schedule = (delayMs: number): void => {
    const at = performance.now() + delayMs;
    if (stopped || at >= dueAt) return;
    clearTimeout(timer);
    dueAt = at;
    timer = setTimeout(() => void running.then(loop), delayMs);
  };
  const wake = (): void => {
    if (started) schedule(Math.max(wakeMs, turnedAt + apartMs - performance.now()));
  };

  return {
    start: () => {
      started = true;
      loop();
    },
    wake,
    turn,
    [Symbol.asyncDispose]: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
    },
  };
};

/** An SBOM counts only for the scan that asked this very host for it. */
const takeSbom = async (
  { db, clock, receive, log }: ScanSchedulerDeps,
  scan: { readonly hostId: string; readonly taskId: string },
  document: Buffer,
): Promise<void> => {
  const { rows } = await sql<{ asset_id: string }>`
    select asset_id from scans where id = ${scan.taskId} and host_id = ${scan.hostId} and state in ('sent', 'running')`.execute(
    db,
  );
  const assetId = rows[0]?.asset_id;
  if (assetId === undefined) {
    log.info({ ...scan }, 'an SBOM came for a scan that is over');
    return;
  }
  const received = await receive({ assetId, reporterHostId: scan.hostId, document });
  const now = new Date(clock.now());
  if (!received.ok) {
    await failScan(db, scan, received.error.message.slice(0, 2000), now);
    return;
  }
  const { status, packages, findings, message } = received.value;
  if (status === 'failed') await failScan(db, scan, message ?? 'Nothing could be read.', now);
  else await endScan(db, scan, { state: status === 'partial' ? 'partial' : 'done', packages, findings, message }, now);
};
