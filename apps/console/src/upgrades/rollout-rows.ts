import type { Scope, SensorUpgrade, UpgradeRollout } from '@parapet/contract/api';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { inScope } from '../people/scope.ts';

/** The latest rollouts with what of them lies within the scope, newest first; those without any are left out. */
export const readRollouts = async (
  db: Database,
  filter: { readonly ids?: readonly string[]; readonly limit: number },
  scope: Scope,
): Promise<UpgradeRollout[]> => {
  const named = filter.ids === undefined ? sql`true` : sql`r.id = any(${[...filter.ids]}::uuid[])`;
  const { rows } = await sql<RolloutRow>`
    select r.* from sensor_rollouts r where ${named} and exists (
      select 1 from sensor_upgrades u where u.rollout_id = r.id and ${inScope(scope, sql.ref('u.host_id'))})
    order by r.created_at desc, r.id desc limit ${filter.limit}`.execute(db);
  const upgrades = await readUpgrades(
    db,
    rows.map(({ id }) => id),
    scope,
  );
  return rows.map((row) => ({
    id: row.id,
    requestedBy: row.requested_by,
    createdAt: row.created_at.toISOString(),
    state: row.state,
    // It names the host that failed, which may be outside the scope.
    ...(row.message === null || scope !== null ? {} : { message: row.message }),
    ...(row.ended_at === null ? {} : { endedAt: row.ended_at.toISOString() }),
    upgrades: upgrades.filter((upgrade) => upgrade.rollout_id === row.id).map(presentUpgrade),
  }));
};

/** Whether a rollout has hosts outside the scope. */
export const reachesBeyond = async (db: Database, rolloutId: string, scope: Scope): Promise<boolean> => {
  const { rows } = await sql`
    select 1 from sensor_upgrades u where u.rollout_id = ${rolloutId}
      and not (${inScope(scope, sql.ref('u.host_id'))}) limit 1`.execute(db);
  return rows.length > 0;
};

type RolloutRow = {
  readonly id: string;
  readonly requested_by: string;
  readonly created_at: Date;
  readonly state: UpgradeRollout['state'];
  readonly message: string | null;
  readonly ended_at: Date | null;
};

type UpgradeRow = {
  readonly id: string;
  readonly rollout_id: string;
  readonly host_id: string;
  readonly hostname: string;
  readonly state: SensorUpgrade['state'];
  readonly step: string | null;
  readonly progress: number | null;
  readonly from_version: string;
  readonly to_version: string;
  readonly reason: string | null;
  readonly message: string | null;
  readonly started_at: Date | null;
  readonly ended_at: Date | null;
};

const maxUpgrades = 20_000;

const readUpgrades = async (db: Database, ids: readonly string[], scope: Scope): Promise<readonly UpgradeRow[]> => {
  if (ids.length === 0) return [];
  const { rows } = await sql<UpgradeRow>`
    select u.*, a.name as hostname, u.archive ->> 'version' as to_version
    from sensor_upgrades u join assets a on a.id = u.host_id
    where u.rollout_id = any(${[...ids]}::uuid[]) and ${inScope(scope, sql.ref('u.host_id'))}
    order by u.ended_at nulls last, u.started_at nulls last, a.name, u.id limit ${maxUpgrades}`.execute(db);
  return rows;
};

const presentUpgrade = (row: UpgradeRow): SensorUpgrade => ({
  id: row.id,
  hostId: row.host_id,
  hostname: row.hostname,
  state: row.state,
  ...(row.step === null ? {} : { step: row.step }),
  ...(row.progress === null ? {} : { progress: row.progress }),
  fromVersion: row.from_version,
  toVersion: row.to_version,
  ...(row.reason === null ? {} : { reason: row.reason }),
  ...(row.message === null ? {} : { message: row.message }),
  ...(row.started_at === null ? {} : { startedAt: row.started_at.toISOString() }),
  ...(row.ended_at === null ? {} : { endedAt: row.ended_at.toISOString() }),
});
