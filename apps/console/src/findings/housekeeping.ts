import type { Clock } from '@parapet/core';
import { sql } from 'kysely';
import { z } from 'zod';
import type { Database, DatabaseTransaction } from '../database/database.ts';
import type { Jobs } from '../jobs/jobs.ts';
import { enqueueRisk } from '../risk/risk-updater.ts';
import { forgetUnusedNames } from '../sboms/asset-packages.ts';
import { endOldUploads } from '../sboms/upload-scan.ts';
import { type WriteGate, whileOpen } from '../self-watch/write-gate.ts';
import { expireAcceptances } from './acceptance.ts';
import { recordHistory } from './history.ts';
import { recordRiskOfDay, recordRiskOfHour } from './risk-history.ts';
import { writeFindings } from './write-lock.ts';

const minuteQueue = 'findings-minute';
const hourlyQueue = 'findings-hour';
const dailyQueue = 'findings-daily';
const Nothing = z.object({});

/** Declares what happens to findings by the passing of time. Call before the jobs start. */
export const registerHousekeeping = (deps: {
  readonly jobs: Jobs;
  readonly db: Database;
  readonly clock: Clock;
  readonly gate: WriteGate;
  readonly enqueueRematch: () => Promise<void>;
}): void => {
  const { jobs, db, clock, gate } = deps;
  const now = (): Date => new Date(clock.now());
  jobs.register(
    minuteQueue,
    whileOpen(gate, 'database', async () => {
      await expireAcceptances(db, now());
      await closeGone(db, now());
      if ((await forgetMatchesOfReturned(db)) > 0) await deps.enqueueRematch();
      await recordRiskOfHour(db, now());
    }),
    { schema: Nothing, policy: 'one-at-all', retryLimit: 0 },
  );
  const recordDay = whileOpen(gate, 'database', () => recordRiskOfDay(db, now()));
  jobs.register(hourlyQueue, recordDay, { schema: Nothing, policy: 'one-at-all' });
  jobs.register(
    dailyQueue,
    async () => {
      await endOldUploads(db, now());
      await prune(db, now());
    },
    { schema: Nothing, policy: 'one-at-all' },
  );
  jobs.schedule(minuteQueue, '* * * * *', {});
  jobs.schedule(hourlyQueue, '7 * * * *', {});
  jobs.schedule(dailyQueue, '17 3 * * *', {});
};

const goneReason = 'the asset is gone';

/** Closes the findings of assets that went. Returns how many. */
export const closeGone = async (db: Database, at: Date): Promise<number> => {
  let closed = 0;
  for (;;) {
    const outcome = await writeFindings(db, (tx) => closeOneGone(tx, at));
    if (outcome === undefined) return closed;
    closed += outcome;
  }
};

/** Closes those of one asset; undefined when none is left to do. */
const closeOneGone = async (tx: DatabaseTransaction, at: Date): Promise<number | undefined> => {
  const asset = await sql<{ asset_id: string }>`
    update asset_software set closed_as_gone = true where asset_id = (
      select s.asset_id from asset_software as s join assets as a on a.id = s.asset_id
      where a.status = 'gone' and not s.closed_as_gone limit 1
    ) returning asset_id`.execute(tx);
  const assetId = asset.rows[0]?.asset_id;
  if (assetId === undefined) return undefined;
  const { rows } = await sql<{ id: string }>`
    update findings set status = 'closed', closed_at = ${at}, close_reason = ${goneReason}
    where asset_id = ${assetId} and status <> 'closed' returning id`.execute(tx);
  await recordHistory(
    tx,
    rows.map((row) => ({ findingId: row.id, at, text: `Closed: ${goneReason}` })),
  );
  await enqueueRisk(tx, [assetId], at);
  return rows.length;
};

/** An asset that came back is matched again. Returns how many there are. */
const forgetMatchesOfReturned = async (db: Database): Promise<number> => {
  const result = await sql`
    update asset_software as s set matched_feed = null, closed_as_gone = false from assets as a
    where a.id = s.asset_id and a.status <> 'gone' and s.closed_as_gone`.execute(db);
  return Number(result.numAffectedRows ?? 0n);
};

const days = (count: number): number => count * 24 * 3_600_000;
const goneMs = days(30);

/** Forgets the packages of assets that are gone for long; the findings themselves go by retention. */
export const prune = async (db: Database, at: Date): Promise<void> => {
  const before = new Date(at.getTime() - goneMs);
  const gone = sql`select id from assets where status = 'gone' and ended_at < ${before}`;
  await sql`delete from risk_contexts where instance_id in (${gone}) or asset_id in (${gone})`.execute(db);
  await sql`delete from risk_queue where asset_id in (${gone})`.execute(db);
  await sql`delete from scan_stamps where asset_id in (${gone})`.execute(db);
  await sql`delete from asset_software where asset_id in (${gone})`.execute(db);
  await sql`delete from sboms where asset_id in (${gone})`.execute(db);
  await sql`delete from package_history where asset_id in (${gone})`.execute(db);
  await writeFindings(db, async (tx) => {
    await sql`delete from asset_packages where asset_id in (${gone})`.execute(tx);
    await forgetUnusedNames(tx);
  });
  await sql`delete from finding_changes as c where not exists (select 1 from assets as a where a.id = c.asset_id)`.execute(
    db,
  );
};
