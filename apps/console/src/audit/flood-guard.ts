import type { Clock } from '@parapet/core';
import type { AuditRecord } from './audit-record.ts';

export type FloodGuard = {
  /** Whether this refusal is to be recorded, and how many before it were not and have not been told of. */
  readonly admit: (entry: AuditRecord) => { readonly admitted: boolean; readonly untold: number };
  /** Left out since the start. */
  readonly total: () => number;
};

const windowMs = 60_000;
/** Refusals of one actor at one address for one action in a minute, and of all together. */
const perKey = 20;
const overall = 600;

/** Keeps refusals, which anyone can cause, from filling the disk. What it leaves out is counted and told a minute later. */
export const createFloodGuard = (clock: Clock): FloodGuard => {
  let startedAt = Number.NEGATIVE_INFINITY;
  let counts = new Map<string, number>();
  let admitted = 0;
  let leftOut = 0;
  let untold = 0;
  let total = 0;
  return {
    total: () => total,
    admit: ({ actor, action, address }) => {
      if (clock.now() - startedAt >= windowMs) {
        startedAt = clock.now();
        counts = new Map();
        admitted = 0;
        untold = leftOut;
        leftOut = 0;
      }
      const toTell = untold;
      untold = 0;
      const key = `${actor.kind}|${actor.name}|${action}|${address ?? ''}`;
      const count = counts.get(key) ?? 0;
      if (count >= perKey || admitted >= overall) {
        leftOut += 1;
        total += 1;
        return { admitted: false, untold: toTell };
      }
      // Bounded: only admitted refusals add keys.
      counts.set(key, count + 1);
      admitted += 1;
      return { admitted: true, untold: toTell };
    },
  };
};
