import type { AuditEntry } from '@parapet/contract/api';
import { type Clock, messageOf } from '@parapet/core';
import type { Database } from '../database/database.ts';
import type { Log } from '../logging/log.ts';
import { auditContext } from './audit-context.ts';

export type AuditRecord = Omit<AuditEntry, 'id' | 'at' | 'details'> & { readonly details?: AuditEntry['details'] };

/** Where everything done and everything refused is written. Never throws: a failing log is itself logged and counted. */
export type AuditLog = {
  readonly record: (entry: AuditRecord) => Promise<void>;
};

export type AuditFigures = { readonly failed: number; readonly suppressed: number };

/** What strangers can cause is bounded, so that they cannot fill the disk with refusals; the rest is counted. */
const anonymousPerMinute = 120;

export const createAuditLog = (deps: {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
}): AuditLog & { readonly figures: () => AuditFigures } => {
  let failed = 0;
  let suppressed = 0;
  const window = { startedAt: 0, count: 0 };

  const isTooMany = (now: number): boolean => {
    if (now - window.startedAt >= 60_000) {
      window.startedAt = now;
      window.count = 0;
    }
    window.count += 1;
    return window.count > anonymousPerMinute;
  };

  return {
    figures: () => ({ failed, suppressed }),
    record: async (entry) => {
      const context = auditContext.getStore();
      if (context !== undefined) context.recorded = true;
      const now = deps.clock.now();
      if (entry.actor.kind === 'anonymous' && entry.outcome !== 'succeeded' && isTooMany(now)) {
        suppressed += 1;
        return;
      }
      try {
        await deps.db.insertInto('audit_log').values(rowOf(entry, now)).execute();
      } catch (error) {
        failed += 1;
        deps.log.error({ entry, error: messageOf(error) }, 'audit entry could not be stored');
      }
    },
  };
};

const nameLimit = 256;
const targetLimit = 1_024;

const rowOf = (entry: AuditRecord, now: number) => ({
  at: new Date(now),
  actor_kind: entry.actor.kind,
  actor_name: storable(entry.actor.name, nameLimit),
  action: entry.action,
  outcome: entry.outcome,
  target: entry.target === undefined ? null : storable(entry.target, targetLimit),
  address: entry.address ?? null,
  details: storable(JSON.stringify(entry.details ?? {}), 65_536),
});

/** PostgreSQL text cannot hold NUL, and names come from outside. */
const storable = (text: string, limit: number): string =>
  text.replaceAll('\u0000', '\uFFFD').replaceAll('\\u0000', '\\ufffd').slice(0, limit);
