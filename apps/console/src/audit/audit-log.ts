import { type Clock, messageOf, storableJson, storableText } from '@parapet/core';
import type { Database } from '../database/database.ts';
import type { Log } from '../logging/log.ts';
import { auditContext } from './audit-context.ts';
import type { AuditRecord } from './audit-record.ts';
import { createFloodGuard } from './flood-guard.ts';

/** Where everything done and everything refused is written. Never throws: a failing log is itself logged and counted. */
export type AuditLog = {
  readonly record: (entry: AuditRecord) => Promise<void>;
};

export type AuditFigures = { readonly failed: number; readonly suppressed: number };

export const createAuditLog = (deps: {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
}): AuditLog & { readonly figures: () => AuditFigures } => {
  let failed = 0;
  const flood = createFloodGuard(deps.clock);
  const store = async (entry: AuditRecord): Promise<void> => {
    try {
      await deps.db.insertInto('audit_log').values(rowOf(entry, deps.clock.now())).execute();
    } catch (error) {
      failed += 1;
      deps.log.error({ entry, error: messageOf(error) }, 'audit entry could not be stored');
    }
  };
  return {
    figures: () => ({ failed, suppressed: flood.total() }),
    record: async (entry) => {
      const context = auditContext.getStore();
      if (context !== undefined) context.recorded = true;
      // What succeeded, and what locks an account, is never left out.
      if (entry.outcome !== 'refused' || entry.details?.['lockedNow'] === true) return store(entry);
      const verdict = flood.admit(entry);
      if (verdict.untold > 0) await store(summaryOf(verdict.untold));
      if (verdict.admitted) await store(entry);
    },
  };
};

const summaryOf = (untold: number): AuditRecord => ({
  actor: { kind: 'system', name: 'audit log' },
  action: 'audit.suppressed',
  outcome: 'refused',
  details: { refusals: untold, reason: 'There were too many to record each.' },
});

const nameLimit = 256;
const targetLimit = 1_024;
const detailsLimit = 65_536;

const rowOf = (entry: AuditRecord, now: number) => ({
  at: new Date(now),
  actor_kind: entry.actor.kind,
  actor_name: shortened(entry.actor.name, nameLimit),
  action: entry.action,
  outcome: entry.outcome,
  target: entry.target === undefined ? null : shortened(entry.target, targetLimit),
  address: entry.address ?? null,
  details: detailsOf(entry.details ?? {}),
});

/** Names come from outside. */
const shortened = (text: string, limit: number): string => storableText(text.slice(0, limit));

const detailsOf = (details: Readonly<Record<string, unknown>>): string => {
  const json = storableJson(details);
  return json.length <= detailsLimit ? json : JSON.stringify({ leftOut: `${json.length} characters of details` });
};
