import type { LossStage, TelemetryAccount } from '@parapet/contract/telemetry';

/** What became of the events of one collector since it started. */
export type AccountBook = {
  readonly told: (events: number) => void;
  readonly lost: (loss: { readonly stage: LossStage; readonly cause: string; readonly count: number }) => void;
  readonly unwanted: (events: number) => void;
  /**
   * The account as of now: what the source says it produced since the start against what became of it. More that was produced
   * than can be explained is lost too, and said so. The first says that somebody watches, were it nothing that happened; after it
   * `undefined` when nothing changed since the last account.
   */
  readonly close: (produced: number, toMs: number) => TelemetryAccount | undefined;
};

/** Causes are fixed words of ours; should they ever not be, their sum stays right. */
const maxCauses = 64;

export const createAccountBook = (collector: string, since: number): AccountBook => {
  let to = since;
  let told = 0;
  let unwanted = 0;
  let closed: number | undefined;
  const lost = new Map<string, { readonly stage: LossStage; readonly cause: string; count: number }>();
  const other = 'reader other';

  const lose: AccountBook['lost'] = ({ stage, cause, count }) => {
    if (count <= 0) return;
    const key = `${stage} ${cause}`;
    const isFull = lost.size >= maxCauses - 1 && !lost.has(key);
    const entry = isFull ? { stage: 'reader' as const, cause: 'other' } : { stage, cause: cause.slice(0, 150) };
    const before = lost.get(isFull ? other : key);
    if (before === undefined) lost.set(isFull ? other : key, { ...entry, count });
    else before.count += count;
  };
  const explained = (): number => told + unwanted + [...lost.values()].reduce((sum, { count }) => sum + count, 0);

  return {
    told: (events) => {
      told += events;
    },
    lost: lose,
    unwanted: (events) => {
      unwanted += events;
    },
    close: (produced, toMs) => {
      lose({ stage: 'reader', cause: 'unexplained', count: produced - explained() });
      if (explained() === closed) return undefined;
      closed = explained();
      to = Math.max(to, toMs);
      return {
        kind: 'account',
        collector: collector.slice(0, 150),
        since,
        to,
        produced,
        told,
        lost: [...lost.values()].map((loss) => ({ ...loss })),
        unwanted,
      };
    },
  };
};
