import type { Clock } from '@parapet/core';
import type { AuditLog } from '../audit/audit-log.ts';

/** Counts what sensors were refused and writes it to the audit log, at most one entry per host and code in a minute. */
export type Refusals = {
  readonly note: (refusal: Refusal) => void;
  /** Refused frames by host since the last call. */
  readonly takeCounts: () => ReadonlyMap<string, number>;
  /** Counts that could not be stored. */
  readonly putBack: (hostId: string, count: number) => void;
  readonly total: () => number;
  /** Writes what was held back. */
  readonly flush: () => void;
};

export type Refusal = {
  /** Absent when the peer could not be identified. */
  readonly hostId?: string | undefined;
  readonly code: string;
  readonly message: string;
  readonly address: string;
};

const everyMs = 60_000;
/** Distinct host and code pairs that are remembered; the oldest is written out and forgotten beyond it. */
const maxOpen = 10_000;

export const createRefusals = (deps: { readonly audit: AuditLog; readonly clock: Clock }): Refusals => {
  const open = new Map<string, { refusal: Refusal; writtenAtMs: number; held: number }>();
  let counts = new Map<string, number>();
  let total = 0;
  const write = (refusal: Refusal, times: number): void => {
    void deps.audit.record({
      actor: { kind: refusal.hostId === undefined ? 'anonymous' : 'sensor', name: refusal.hostId ?? '' },
      action: 'sensor.refused',
      outcome: 'refused',
      ...(refusal.hostId === undefined ? {} : { target: refusal.hostId }),
      address: refusal.address,
      details: { code: refusal.code, message: refusal.message.slice(0, 512), times },
    });
  };
  const flush = (): void => {
    const now = deps.clock.now();
    for (const [key, entry] of open) {
      if (now - entry.writtenAtMs < everyMs) continue;
      if (entry.held === 0) {
        open.delete(key);
        continue;
      }
      write(entry.refusal, entry.held);
      entry.held = 0;
      entry.writtenAtMs = now;
    }
  };
  return {
    note: (refusal) => {
      total += 1;
      if (refusal.hostId !== undefined) counts.set(refusal.hostId, (counts.get(refusal.hostId) ?? 0) + 1);
      const key = `${refusal.hostId ?? refusal.address} ${refusal.code}`;
      const entry = open.get(key);
      if (entry !== undefined) {
        entry.held += 1;
        entry.refusal = refusal;
        return flush();
      }
      const [oldest] = open.keys();
      if (open.size >= maxOpen && oldest !== undefined) open.delete(oldest);
      open.set(key, { refusal, writtenAtMs: deps.clock.now(), held: 0 });
      write(refusal, 1);
    },
    takeCounts: () => {
      const taken = counts;
      counts = new Map();
      return taken;
    },
    putBack: (hostId, count) => {
      counts.set(hostId, (counts.get(hostId) ?? 0) + count);
    },
    total: () => total,
    flush,
  };
};
