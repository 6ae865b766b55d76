import type { Clock } from '@parapet/core';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Caller } from '../http/handler.ts';
import { createQuietRecord } from './quiet-record.ts';

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

/**
 * Writes down who hunted for what: once a minute for the same text of the same person, so that pages, the histogram and a live
 * tail of one hunt are one entry.
 */
export const createHuntAudit = ({ audit, clock }: { readonly audit: AuditLog; readonly clock: Clock }): HuntAudit => {
  const isTold = createQuietRecord(clock);
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
