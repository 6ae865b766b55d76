import { type Clock, messageOf } from '@parapet/core';
import { sql } from 'kysely';
import { z } from 'zod';
import type { Database } from '../database/database.ts';
import { refreshWithInstances } from '../findings/refresh-assets.ts';
import { writeFindings } from '../findings/write-lock.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { LiveFeed } from '../live/live-feed.ts';
import type { Log } from '../logging/log.ts';
import { applyVexToAsset } from './apply-vex.ts';

export type VexQueueDeps = {
  readonly db: Database;
  readonly clock: Clock;
  readonly live: LiveFeed;
  readonly log: Log;
};

const queue = 'findings-vex';
const hourlyQueue = 'findings-vex-hour';
const Nothing = z.object({});

export const enqueueVex = async (jobs: Jobs): Promise<void> => {
  await jobs.enqueue(queue, {});
};

/** Declares the work that documents coming and going leave. Call before the jobs start. */
export const registerVexJobs = (deps: VexQueueDeps & { readonly jobs: Jobs }): void => {
  const { jobs, db } = deps;
  jobs.register(queue, (_data, { signal }) => drainVexQueue(deps, signal), {
    schema: Nothing,
    policy: 'one-waiting',
    timeoutSeconds: 6 * 3600,
  });
  // Labels come and go, and with them what a document of a scope speaks for; also picks up what a stop left waiting.
  jobs.register(
    hourlyQueue,
    async () => {
      if ((await queueScoped(db)) > 0) await enqueueVex(jobs);
    },
    { schema: Nothing, policy: 'one-at-all' },
  );
  jobs.schedule(hourlyQueue, '37 * * * *', {});
};

/**
 * Looks at the findings of every queued asset again, each in its own transaction, so that a stop loses nothing. Throws when some
 * failed, after all were tried.
 */
export const drainVexQueue = async (deps: VexQueueDeps, signal: AbortSignal): Promise<void> => {
  const { db, clock, live, log } = deps;
  const failed: string[] = [];
  const sums = { ruledOut: 0, returned: 0 };
  for (;;) {
    signal.throwIfAborted();
    const { rows } = await sql<{ asset_id: string }>`
      select asset_id from vex_queue where asset_id <> all(${failed}::uuid[]) limit 1`.execute(db);
    const assetId = rows[0]?.asset_id;
    if (assetId === undefined) break;
    try {
      const outcome = await writeFindings(db, async (tx) => {
        // Forgotten first: what is queued again meanwhile is another row, for another round.
        await tx.deleteFrom('vex_queue').where('asset_id', '=', assetId).execute();
        const done = await applyVexToAsset(tx, assetId, new Date(clock.now()));
        if (done.ruledOut + done.returned > 0) await refreshWithInstances(tx, [assetId]);
        return done;
      });
      sums.ruledOut += outcome.ruledOut;
      sums.returned += outcome.returned;
    } catch (error) {
      failed.push(assetId);
      log.error({ assetId, error: messageOf(error) }, 'VEX documents could not be applied to an asset');
    }
  }
  if (sums.ruledOut + sums.returned > 0) {
    live.publish({ kind: 'findings', opened: sums.returned, closed: sums.ruledOut });
  }
  if (failed.length > 0) throw new Error(`VEX documents could not be applied to ${failed.length} assets`);
};

/** Queues all that documents of a scope may speak of. Returns how many assets wait. */
const queueScoped = async (db: Database): Promise<number> => {
  await sql`
    with named as materialized (
      select distinct n.name from vex_names as n join vex_statements as s on s.id = n.statement_id
      join vex_documents as d on d.id = s.vex_document_id where d.scope is not null
    ), spoken as materialized (
      select distinct v.id from vulnerabilities as v cross join lateral unnest(array_append(v.aliases, v.key)) as name
      where name in (select name from named)
    )
    insert into vex_queue (asset_id)
    select distinct f.asset_id from findings as f where f.vulnerability_id in (select id from spoken) and f.status <> 'closed'
    on conflict do nothing`.execute(db);
  const { rows } = await sql<{ waiting: number }>`select count(*)::int as waiting from vex_queue`.execute(db);
  return rows[0]?.waiting ?? 0;
};
