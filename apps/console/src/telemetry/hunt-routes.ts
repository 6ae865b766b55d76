import type { Scope } from '@parapet/contract/api';
import { eventActions, telemetryFields } from '@parapet/contract/telemetry';
import { badRequest, type Clock, notFound } from '@parapet/core';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { RouteHandlers } from '../http/handler.ts';
import { inScope } from '../people/scope.ts';
import { readAccounts } from './accounts.ts';
import { allowedIn } from './allowed.ts';
import { exportHunt } from './export-hunt.ts';
import type { ParquetExport } from './export-parquet.ts';
import { readUnseen } from './gaps.ts';
import type { HuntAudit } from './hunt-audit.ts';
import type { Hunts } from './hunts.ts';
import { readTotals } from './manifest.ts';
import { createSavedHunts } from './saved-hunts.ts';

export type HuntRouteDeps = {
  readonly db: Database;
  readonly clock: Clock;
  readonly hunts: Hunts;
  readonly huntAudit: HuntAudit;
  readonly exportParquet: ParquetExport;
};

/** Routes that search events. Everyone sees those of the hosts and containers in their scope, and is written down. */
export const createHuntRoutes = ({ db, clock, hunts, huntAudit, exportParquet }: HuntRouteDeps) => {
  const saved = createSavedHunts({ db, clock });
  return {
    'hunt.events': async ({ query, caller, address }) => {
      const found = await hunts.events(query, caller.scope);
      await huntAudit.record({ caller, address, query });
      return found;
    },
    'hunt.histogram': async ({ query, caller, address }) => {
      const counted = await hunts.histogram(query, caller.scope);
      await huntAudit.record({ caller, address, query });
      return counted;
    },
    'hunt.values': async ({ query, caller, address }) => {
      const found = await hunts.values(query, caller.scope);
      await huntAudit.record({ caller, address, query });
      return found;
    },
    'hunt.export': async ({ query, caller, address, signal }) => {
      const { format, ...span } = query;
      const reply =
        format === 'parquet'
          ? await exportParquet(span, caller.scope, signal)
          : await exportHunt(hunts, { ...span, format }, caller.scope, signal);
      await huntAudit.recordExport({ caller, address, query });
      return reply;
    },
    // The page of hunts asks this when it opens.
    'hunt.fields': async ({ caller }) => {
      hunts.wake();
      return {
        fields: Object.entries(telemetryFields).map(([name, { type, about }]) => ({ name, type, about })),
        actions: [...eventActions],
        store: await storeFor(db, caller.scope),
      };
    },
    'hunt.accounts': async ({ params: { hostId }, query, caller }) => {
      const span = { from: Date.parse(query.since), to: Date.parse(query.until) };
      if (span.to <= span.from) throw badRequest('bad-span', '`until` must be later than `since`.');
      const { rows } = await sql`
select from assets where id = ${hostId} and kind = 'host' and ${inScope(caller.scope, sql.ref('assets.id'))}`.execute(
        db,
      );
      if (rows.length === 0) throw notFound('This host');
      const [accounts, blind] = await Promise.all([
        readAccounts(db, hostId, span, query.steps),
        readUnseen(db, span, hostId),
      ]);
      return { ...accounts, blind };
    },
    'savedHunts.list': async () => ({ items: await saved.list() }),
    'savedHunts.create': ({ body, caller }) => saved.create(body, caller),
    'savedHunts.delete': async ({ params, caller }) => {
      await saved.remove(params.savedHuntId, caller);
      return undefined;
    },
  } satisfies Partial<RouteHandlers>;
};

/** How much there is. Files hold events of many hosts, so what somebody with a scope may know is since when there are any. */
const storeFor = async (db: Database, scope: Scope) => {
  const allowed = await allowedIn(db, scope);
  if (allowed === undefined) {
    const { rows, bytes, firstAt } = await readTotals(db);
    return { events: rows, bytes, ...sinceOf(firstAt) };
  }
  const { rows } = await sql<{ first_at: number | null }>`
select min(first_at) as first_at from telemetry_files
where retired_at is null and hosts && ${[...allowed.allHosts]}::uuid[]`.execute(db);
  return sinceOf(Number(rows[0]?.first_at ?? 0));
};

const sinceOf = (firstAt: number) => (firstAt === 0 ? {} : { since: new Date(firstAt / 1000).toISOString() });
