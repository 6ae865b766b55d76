import type { Clock } from '@parapet/core';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Caller } from '../http/handler.ts';

export type HuntAudit = {
  readonly record: (hunt: Hunted) => Promise<void>;
  /** Events that left the console as a file: each time. */
  readonly recordExport: (hunt: Hunted & { readonly query: { readonly format: string } }) => Promise<void>;
};

export type Hunted = {
  readonly caller: Pick<Caller, 'kind' | 'id' | 'name'>;
  readonly address: string;
  readonly query: { readonly q: string; readonly since: string; readonly until: string };
};

const quietMs = 60_000;
/** Hunts that are remembered as told. Beyond it the oldest is forgotten and told once more: too many entries, never too few. */
const maxRemembered = 5000;

/**
 * Writes down who hunted for what: once a minute for the same text of the same person, so that pages, the histogram and a live
 * tail of one hunt are one entry.
 */
export const createHuntAudit = ({ audit, clock }: { readonly audit: AuditLog; readonly clock: Clock }): HuntAudit => {
  const told = new Map<string, number>();
  const isTold = (key: string): boolean => {
    const now = clock.now();
    if (now - (told.get(key) ?? Number.NEGATIVE_INFINITY) < quietMs) return true;
    told.delete(key);
    told.set(key, now);
    for (const oldest of told.keys()) {
      if (told.size <= maxRemembered) break;
      told.delete(oldest);
    }
    return false;
  };
  return {
    record: async ({ caller, address, query: { q, since, until } }) => {
      if (isTold(JSON.stringify([caller.kind, caller.id, q]))) return;
      await audit.record({
        actor: { kind: caller.kind, name: caller.name },
        action: 'hunt.search',
        outcome: 'succeeded',
        address,
        details: { q, since, until },
      });
    },
    recordExport: ({ caller, address, query: { q, since, until, format } }) =>
      audit.record({
        actor: { kind: caller.kind, name: caller.name },
        action: 'hunt.export',
        outcome: 'succeeded',
        address,
        details: { q, since, until, format },
      }),
  };
};
