import { defaultScanPolicy, ScanPolicy } from '@parapet/contract/api';
import type { Clock } from '@parapet/core';
import { sql } from 'kysely';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Database } from '../database/database.ts';
import type { RouteHandlers } from '../http/handler.ts';

const name = 'scan-policy';

/** What people chose, else the defaults. A stored value that this version cannot read counts as none. */
export const readScanPolicy = async (db: Database): Promise<ScanPolicy> => {
  const row = await db.selectFrom('console_settings').select('value').where('name', '=', name).executeTakeFirst();
  const stored = ScanPolicy.safeParse({ ...defaultScanPolicy, ...(row?.value as object | undefined) });
  return stored.success ? stored.data : defaultScanPolicy;
};

/** Routes of what is scanned by itself. */
export const createScanPolicyRoutes = (deps: {
  readonly db: Database;
  readonly clock: Clock;
  readonly audit: AuditLog;
  /** Looks soon at what is due now. */
  readonly wake: () => void;
}) =>
  ({
    'scanPolicy.get': () => readScanPolicy(deps.db),
    'scanPolicy.update': async ({ body, caller, address }) => {
      const before = await readScanPolicy(deps.db);
      await sql`
        insert into console_settings (name, value, updated_at) values (${name}, ${JSON.stringify(body)}::jsonb, ${new Date(deps.clock.now())})
        on conflict (name) do update set value = excluded.value, updated_at = excluded.updated_at`.execute(deps.db);
      await deps.audit.record({
        actor: { kind: caller.kind, name: caller.name },
        action: 'scanPolicy.update',
        outcome: 'succeeded',
        address,
        details: { before, after: body },
      });
      deps.wake();
      return body;
    },
  }) satisfies Partial<RouteHandlers>;
