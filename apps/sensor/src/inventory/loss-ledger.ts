import type { Clock } from '@parapet/core';
import type { InventorySink } from '../collectors/collector.ts';
import type { LossCounter } from './inventory-store.ts';

/** Adds up what was lost, by who lost it, where and why, and keeps the records of it. */
export type LossLedger = {
  readonly count: LossCounter;
  /** Given once the inventory exists; what was counted before is told then. */
  readonly attach: (inventory: Pick<InventorySink, 'put'>) => void;
};

const maxCauses = 256;

export const createLossLedger = (clock: Clock): LossLedger => {
  const losses = new Map<string, Loss>();
  let inventory: Pick<InventorySink, 'put'> | undefined;

  const tell = (key: string, loss: Loss): void => {
    inventory?.put({ kind: 'loss', key, ...loss });
  };

  return {
    count: ({ collector, stage, cause, count }) => {
      if (count <= 0) return;
      const wanted = [collector, stage, cause].map((part) => part.slice(0, 150)).join('|');
      const isKnown = losses.has(wanted);
      // Causes are fixed words; should they ever not be, the sum stays right.
      const key = isKnown || losses.size < maxCauses ? wanted : `${collector}|other|other`;
      const before = losses.get(key);
      const loss: Loss =
        before === undefined
          ? {
              startedAt: clock.now(),
              collector,
              stage: key === wanted ? stage.slice(0, 150) : 'other',
              cause: key === wanted ? cause.slice(0, 150) : 'other',
              lost: count,
            }
          : { ...before, lost: before.lost + count };
      losses.set(key, loss);
      tell(key, loss);
    },
    attach: (sink) => {
      inventory = sink;
      for (const [key, loss] of losses) tell(key, loss);
    },
  };
};

type Loss = {
  readonly startedAt: number;
  readonly collector: string;
  readonly stage: string;
  readonly cause: string;
  readonly lost: number;
};
