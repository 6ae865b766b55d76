import { type Clock, conflict, forbidden, notFound } from '@parapet/core';
import { sql } from 'kysely';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Database } from '../database/database.ts';
import { actorOf } from '../http/audit-requests.ts';
import type { RouteHandlers } from '../http/handler.ts';
import type { TaskDispatcher } from '../tasks/task-dispatcher.ts';
import type { SensorArchives } from './archives.ts';
import { readUpgradable, requestUpgrades } from './request-upgrades.ts';
import { reachesBeyond, readRollouts } from './rollout-rows.ts';
import { stopRollout } from './turn-rollouts.ts';
import { releaseOf } from './version-standing.ts';

const shownRollouts = 20;
const notReady = 'The sensor of this version is still being packed, or cannot be: Add a host says which.';

/** Routes of sensor upgrades. */
export const createUpgradeRoutes = (deps: {
  readonly db: Database;
  readonly clock: Clock;
  readonly audit: AuditLog;
  readonly archives: SensorArchives;
  readonly version: string;
  readonly dispatcher: Pick<TaskDispatcher, 'cancel'>;
  readonly wake: () => void;
}) => {
  const { db, clock, audit, archives } = deps;
  return {
    'sensorUpgrades.list': async ({ caller }) => {
      const release = releaseOf(deps);
      const [upgradable, rollouts] = await Promise.all([
        readUpgradable(db, release, caller.scope),
        readRollouts(db, { limit: shownRollouts }, caller.scope),
      ]);
      return {
        release: {
          version: deps.version,
          archives: archives.newest().map(({ architecture, build, sizeBytes }) => ({ architecture, build, sizeBytes })),
          ...(archives.newest().length > 0 ? {} : { problem: notReady }),
        },
        upgradable,
        rollouts,
      };
    },
    'sensorUpgrades.create': async ({ body, caller, address }) => {
      const hosts = 'hostIds' in body ? body.hostIds : 'outdated';
      const { rolloutId, skipped } = await requestUpgrades(
        { db, archives, release: releaseOf(deps) },
        { hosts, by: caller.name, at: new Date(clock.now()) },
        caller.scope,
      );
      if (rolloutId === undefined) return { skipped };
      const [rollout] = await readRollouts(db, { ids: [rolloutId], limit: 1 }, caller.scope);
      await audit.record({
        actor: actorOf(caller),
        action: 'sensorUpgrades.create',
        outcome: 'succeeded',
        target: rolloutId,
        address,
        details: {
          hosts: rollout?.upgrades.map(({ hostname }) => hostname).slice(0, 100) ?? [],
          version: deps.version,
        },
      });
      deps.wake();
      return { ...(rollout === undefined ? {} : { rollout }), skipped };
    },
    'sensorUpgrades.stop': async ({ params, caller, address }) => {
      const [rollout] = await readRollouts(db, { ids: [params.rolloutId], limit: 1 }, caller.scope);
      if (rollout === undefined) throw notFound('This rollout');
      if (await reachesBeyond(db, rollout.id, caller.scope)) {
        throw forbidden('This rollout has hosts outside your scope.');
      }
      if (rollout.state !== 'running') throw conflict('over', 'This rollout is over already.');
      await db
        .transaction()
        .execute((trx) => stopRollout(trx, rollout.id, `Stopped by ${caller.name}.`, new Date(clock.now())));
      const { rows } = await sql<{ id: string; host_id: string }>`
        select id, host_id from sensor_upgrades where rollout_id = ${rollout.id} and state in ('sent', 'running')`.execute(
        db,
      );
      // Before the new version is tried a sensor gives up; after that it says how it went.
      for (const row of rows) deps.dispatcher.cancel(row.host_id, row.id);
      await audit.record({
        actor: actorOf(caller),
        action: 'sensorUpgrades.stop',
        outcome: 'succeeded',
        target: rollout.id,
        address,
      });
      deps.wake();
      const [stopped] = await readRollouts(db, { ids: [rollout.id], limit: 1 }, caller.scope);
      return stopped ?? rollout;
    },
  } satisfies Partial<RouteHandlers>;
};
