import { eventActions, telemetryFields } from '@parapet/contract/telemetry';
import type { Database } from '../database/database.ts';
import type { RouteHandlers } from '../http/handler.ts';
import type { HuntAudit } from './hunt-audit.ts';
import type { Hunts } from './hunts.ts';
import { readTotals } from './manifest.ts';

export type HuntRouteDeps = { readonly db: Database; readonly hunts: Hunts; readonly huntAudit: HuntAudit };

/** Routes that search events. Everyone sees those of the hosts and containers in their scope, and is written down. */
export const createHuntRoutes = ({ db, hunts, huntAudit }: HuntRouteDeps) =>
  ({
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
    'hunt.fields': async ({ caller }) => {
      // How much there is of others is not for somebody with a scope.
      const { rows, bytes, firstAt } = caller.scope === null ? await readTotals(db) : nothing;
      return {
        fields: Object.entries(telemetryFields).map(([name, { type, about }]) => ({ name, type, about })),
        actions: [...eventActions],
        store: { events: rows, bytes, ...(firstAt === 0 ? {} : { since: new Date(firstAt / 1000).toISOString() }) },
      };
    },
  }) satisfies Partial<RouteHandlers>;

const nothing = { rows: 0, bytes: 0, firstAt: 0 } as const;
