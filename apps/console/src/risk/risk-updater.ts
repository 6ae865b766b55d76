import { type Clock, messageOf } from '@parapet/core';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { writeFindings } from '../findings/write-lock.ts';
import type { LiveFeed } from '../live/live-feed.ts';
import type { Log } from '../logging/log.ts';
import type { WriteGate } from '../self-watch/write-gate.ts';
import { formulaVersion } from './formula.ts';
import { refreshInternetDistances } from './internet-distance.ts';
import { recomputeRisk } from './recompute-risk.ts';

export type RiskUpdater = AsyncDisposable & {
  /** Hosts, containers or images whose observations changed. Cheap; the work comes later, together. */
  readonly assetsChanged: (assetIds: readonly string[]) => void;
  /** Hosts whose sensor came, went or sees otherwise: what runs on them is concerned too. */
  readonly hostsChanged: (hostIds: readonly string[]) => void;
  /** Something about edges changed: distances from the Internet are looked at again. */
  readonly edgesChanged: () => void;
  readonly start: () => void;
  /** Does everything that is queued, due or not. For tests and before a shutdown. */
  readonly drain: () => Promise<void>;
};

export type RiskUpdaterDeps = {
  readonly db: Database;
  readonly clock: Clock;
  readonly live: LiveFeed;
  readonly log: Log;
  readonly gate: WriteGate;
};

/** Changes of one asset within this time are one computation… */
const debounceMs = 3_000;
/** …and a busy one is computed at most this often: a first change shows soon, steady churn stays cheap. */
const restMs = 30_000;
const retryMs = 60_000;
const pollMs = 1_000;
const distancesEveryMs = 15_000;

/**
 * Keeps risk in step with what is observed. What is to be done lies in the table `risk_queue`, so several consoles share the
 * work and a restart loses none of it.
 */
export const createRiskUpdater = (deps: RiskUpdaterDeps): RiskUpdater => {
  const changed = new Set<string>();
  const hosts = new Set<string>();
  let edges = true;
  let distancesAt = 0;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();
  let stopped = false;

  const flush = async (): Promise<void> => {
    const [ids, hostIds] = [[...changed], [...hosts]];
    changed.clear();
    hosts.clear();
    try {
      const onHosts = await readOnHosts(deps.db, hostIds);
      await enqueueRisk(deps.db, [...ids, ...hostIds, ...onHosts], new Date(deps.clock.now() + debounceMs));
    } catch (error) {
      for (const id of ids) changed.add(id);
      for (const id of hostIds) hosts.add(id);
      throw error;
    }
  };

  const distances = async (): Promise<void> => {
    if (!edges || deps.clock.now() - distancesAt < distancesEveryMs) return;
    edges = false;
    distancesAt = deps.clock.now();
    for (const id of await refreshInternetDistances(deps.db)) changed.add(id);
  };

  const turn = async (): Promise<void> => {
    // What changed meanwhile is remembered, by asset.
    if (!deps.gate.isOpen('database')) return;
    await distances();
    await flush();
    while (!stopped && deps.gate.isOpen('database') && (await recomputeNext(deps, new Date(deps.clock.now()))));
  };

  const loop = (): void => {
    running = turn()
      .catch((error: unknown) => deps.log.error({ error: messageOf(error) }, 'risk could not be computed'))
      .finally(() => {
        if (!stopped) timer = setTimeout(loop, pollMs);
      });
  };

  return {
    assetsChanged: (assetIds) => {
      for (const id of assetIds) changed.add(id);
    },
    hostsChanged: (hostIds) => {
      for (const id of hostIds) hosts.add(id);
    },
    edgesChanged: () => {
      edges = true;
    },
    start: () => {
      void enqueueOutdated(deps).catch((error: unknown) =>
        deps.log.error({ error: messageOf(error) }, 'risk of an earlier formula could not be queued'),
      );
      loop();
    },
    drain: async () => {
      edges = true;
      distancesAt = Number.NEGATIVE_INFINITY;
      await distances();
      await flush();
      while (await recomputeNext(deps, new Date(8.64e15)));
    },
    [Symbol.asyncDispose]: async () => {
      stopped = true;
      clearTimeout(timer);
      await running;
      await flush().catch((error: unknown) =>
        deps.log.warn({ error: messageOf(error) }, 'risk to compute was not kept'),
      );
    },
  };
};

const readOnHosts = async (db: Database, hostIds: readonly string[]): Promise<readonly string[]> => {
  if (hostIds.length === 0) return [];
  const rows = await db
    .selectFrom('assets')
    .select('id')
    .where(sql<boolean>`host_id = any(${hostIds}::uuid[])`)
    .where('kind', '=', 'container')
    .where('status', '<>', 'gone')
    .execute();
  return rows.map((row) => row.id);
};

/** Queues what the changed assets concern: of a container its image, where its packages lie, and itself if it has packages. */
export const enqueueRisk = async (db: Database, assetIds: readonly string[], dueAt: Date): Promise<void> => {
  if (assetIds.length === 0) return;
  await sql`
    insert into risk_queue (asset_id, due_at)
    select id, ${dueAt} from (
      select a.id from assets as a where a.id = any(${assetIds}::uuid[])
        and (a.image_id is null or exists (select 1 from asset_software as s where s.asset_id = a.id))
      union
      select a.image_id from assets as a where a.id = any(${assetIds}::uuid[]) and a.image_id is not null
    ) as units order by id
    on conflict (asset_id) do update
      set due_at = greatest(excluded.due_at, risk_queue.computed_at + ${restMs}::int * interval '1 millisecond')
      where risk_queue.due_at is null`.execute(db);
};

const enqueueOutdated = async ({ db, clock }: RiskUpdaterDeps): Promise<void> => {
  await sql`
    insert into risk_queue (asset_id, due_at)
    select distinct asset_id, ${new Date(clock.now())}::timestamptz from findings where formula <> ${formulaVersion} and status <> 'closed'
    on conflict (asset_id) do update set due_at = excluded.due_at`.execute(db);
};

/** Recomputes one due asset; false when none is due. The queue entry leaves in the transaction that did its work. */
const recomputeNext = async (deps: RiskUpdaterDeps, now: Date): Promise<boolean> => {
  let assetId: string | undefined;
  try {
    await writeFindings(deps.db, async (tx) => {
      const { rows } = await sql<{ asset_id: string }>`
        update risk_queue set due_at = null, computed_at = ${new Date(deps.clock.now())} where asset_id = (
          select asset_id from risk_queue where due_at <= ${now} order by due_at limit 1 for update skip locked
        ) returning asset_id`.execute(tx);
      assetId = rows[0]?.asset_id;
      if (assetId !== undefined) await recomputeRisk(tx, assetId);
    });
  } catch (error) {
    if (assetId === undefined) throw error;
    deps.log.error({ assetId, error: messageOf(error) }, 'risk of an asset could not be computed; it is tried again');
    await deps.db
      .updateTable('risk_queue')
      .set({ due_at: new Date(deps.clock.now() + retryMs) })
      .where('asset_id', '=', assetId)
      .execute();
    return now.getTime() < 8.64e15;
  }
  if (assetId !== undefined) deps.live.publish({ kind: 'assets', ids: [assetId] });
  return assetId !== undefined;
};
