import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { z } from 'zod';

/** What was lost, by cause, since the counting began. */
export type SpoolLosses = { readonly since: number; readonly byCause: Readonly<Record<string, number>> };

/** Keeps the count in a file, so that it outlives the frames that told of it: those may be dropped in their turn. */
export type LossLedger = {
  readonly count: (cause: string, events: number) => void;
  readonly losses: () => SpoolLosses;
  /** Writes what changed. A disk that refuses leaves the count in memory, to be written the next time. */
  readonly save: () => void;
};

const LedgerFile = z.object({
  format: z.literal(1),
  since: z.number().int().nonnegative(),
  byCause: z.record(z.string().max(64), z.number().int().nonnegative()),
});

/** An unreadable file begins a new count, from now on: the console keeps the old one by its start. */
export const openLossLedger = (path: string, nowMs: number): LossLedger => {
  const { since, byCause } = read(path) ?? { since: nowMs, byCause: {} };
  const counts: Record<string, number> = { ...byCause };
  let isDirty = false;
  return {
    count: (cause, events) => {
      if (events <= 0) return;
      counts[cause] = (counts[cause] ?? 0) + events;
      isDirty = true;
    },
    losses: () => ({ since, byCause: { ...counts } }),
    save: () => {
      if (!isDirty) return;
      try {
        write(path, JSON.stringify({ format: 1, since, byCause: counts }));
        isDirty = false;
      } catch {
        // Tried again with the next change.
      }
    },
  };
};

const read = (path: string): SpoolLosses | undefined => {
  try {
    return LedgerFile.parse(JSON.parse(readFileSync(path, 'utf8')));
  } catch {
    return undefined;
  }
};

const write = (path: string, text: string): void => {
  const temporary = `${path}.tmp`;
  const fd = openSync(temporary, 'w', 0o600);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  renameSync(temporary, path);
};
