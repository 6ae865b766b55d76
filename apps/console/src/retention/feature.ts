import type { RetentionSettings, RetentionStatus } from '@parapet/contract/api';
import { type Clock, messageOf } from '@parapet/core';
import { z } from 'zod';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Database } from '../database/database.ts';
import type { RouteHandlers } from '../http/handler.ts';
import { forgetGoneAssets } from '../ingest/graph-retention.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Log } from '../logging/log.ts';
import { deleteOlder } from './delete-slices.ts';
import { graphCutoff } from './graph-budget.ts';
import { dayMs, daysOf, type TableKind, tablesOf } from './kinds.ts';
import { measureRetention, previewRetention } from './measure.ts';
import { readRetention, writeRetention } from './settings.ts';

export type RetentionFeature = {
  readonly handlers: Pick<RouteHandlers, 'retention.get' | 'retention.preview' | 'retention.update'>;
};

const queue = 'retention';
/** Measured this often at most: figures of days do not change by the minute. */
const freshMs = 5 * 60_000;
/** What is not done by then is done in the next hour. */
const runSeconds = 900;

/** How long what is over is kept: told, changed, and carried out once an hour. Make it before the jobs start. */
export const createRetentionFeature = (deps: {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: AuditLog;
  readonly jobs: Jobs;
  readonly disk: () => Promise<RetentionStatus['disk']>;
  /** Lets events go by the settings that are stored now. */
  readonly tidyEvents: () => Promise<void>;
}): RetentionFeature => {
  const { db, clock, audit, jobs } = deps;
  const now = (): Date => new Date(clock.now());
  let measured: { readonly atMs: number; readonly figures: ReturnType<typeof measureRetention> } | undefined;

  jobs.register(
    queue,
    async (_data, { signal }) => {
      await deps.tidyEvents();
      await enforceRetention({ ...deps, now: now() }, await readRetention(db), signal);
      measured = undefined;
    },
    { schema: z.object({}), policy: 'one-waiting', timeoutSeconds: runSeconds, retryLimit: 0 },
  );
  jobs.schedule(queue, '23 * * * *', {});

  const figures = (): ReturnType<typeof measureRetention> => {
    if (measured !== undefined && clock.now() - measured.atMs < freshMs) return measured.figures;
    const fresh = { atMs: clock.now(), figures: measureRetention(db, now()) };
    fresh.figures.catch(() => {
      measured = undefined;
    });
    measured = fresh;
    return fresh.figures;
  };

  const status = async (): Promise<RetentionStatus> => {
    const [settings, disk, taken] = await Promise.all([readRetention(db), deps.disk(), figures()]);
    const kinds = taken.kinds.map((cost) => ({ ...cost, days: daysOf(settings, cost.kind) }));
    return { ...taken, settings, kinds, disk };
  };

  return {
    handlers: {
      'retention.get': status,
      'retention.preview': ({ query }) =>
        previewRetention(db, { ...query, graphBytes: query.graphBytes ?? null }, now()),
      'retention.update': async ({ body, caller, address }) => {
        const before = await readRetention(db);
        await writeRetention(db, body, now());
        await audit.record({
          actor: { kind: caller.kind, name: caller.name },
          action: 'retention.update',
          outcome: 'succeeded',
          address,
          details: { before, after: body },
        });
        await jobs.enqueue(queue, {});
        return status();
      },
    },
  };
};

/** Removes what is past its time. Each kind on its own: one that fails does not keep the others. Returns how many rows went. */
export const enforceRetention = async (
  deps: { readonly db: Database; readonly log: Log; readonly now: Date },
  settings: RetentionSettings,
  signal: AbortSignal,
): Promise<number> => {
  let removed = 0;
  for (const kind of ['audit', 'scans', 'closed-findings', 'graph'] as const) {
    try {
      removed += await enforceKind(deps, kind, settings, signal);
    } catch (error) {
      deps.log.warn({ kind, error: messageOf(error) }, 'what is past its time could not be removed; it is tried again');
    }
  }
  return removed;
};

const enforceKind = async (
  { db, log, now }: { readonly db: Database; readonly log: Log; readonly now: Date },
  kind: TableKind,
  settings: RetentionSettings,
  signal: AbortSignal,
): Promise<number> => {
  const isGraph = kind === 'graph';
  const before = isGraph
    ? await graphCutoff(db, settings, now)
    : new Date(now.getTime() - daysOf(settings, kind) * dayMs);
  let rows = 0;
  for (const table of tablesOf[kind]) rows += await deleteOlder(db, table, before, signal);
  if (isGraph) rows += await forgetGoneAssets(db, before, signal);
  if (rows > 0) log.info({ kind, rows, before: before.toISOString() }, 'what is past its time was removed');
  return rows;
};
