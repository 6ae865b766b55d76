import type { Clock } from '@parapet/core';

/** The console's own view of its ingest, over the last minute. */
export type IngestFigures = {
  /** Since the start. */
  readonly framesTotal: number;
  readonly recordsTotal: number;
  readonly framesPerSecond: number;
  readonly recordsPerSecond: number;
  /** From the arrival of the oldest frame of a transaction to its commit. */
  readonly lagMsP50: number | undefined;
  readonly lagMsP99: number | undefined;
  /** Frames that wait here. */
  readonly queuedFrames: number;
  /** Set while the store cannot be written: since when, in milliseconds. */
  readonly storeAwaySinceMs: number | undefined;
};

export type FigureCounter = {
  readonly stored: (frames: number, records: number, lagMs: number) => void;
  readonly read: () => Omit<IngestFigures, 'queuedFrames' | 'storeAwaySinceMs'>;
};

const windowMs = 60_000;
/** Samples of lag that are kept: enough for a stable 99th percentile, small enough to sort at each look. */
const maxSamples = 4096;

export const createFigureCounter = (clock: Clock): FigureCounter => {
  const samples: {
    readonly atMs: number;
    readonly frames: number;
    readonly records: number;
    readonly lagMs: number;
  }[] = [];
  const startedAtMs = clock.now();
  let framesTotal = 0;
  let recordsTotal = 0;
  const forget = (now: number): void => {
    let old = 0;
    while (old < samples.length && (samples[old]?.atMs ?? now) <= now - windowMs) old += 1;
    if (samples.length - old > maxSamples) old = samples.length - maxSamples;
    if (old > 0) samples.splice(0, old);
  };
  return {
    stored: (frames, records, lagMs) => {
      const now = clock.now();
      framesTotal += frames;
      recordsTotal += records;
      samples.push({ atMs: now, frames, records, lagMs: Math.max(0, lagMs) });
      if (samples.length > maxSamples * 2) forget(now);
    },
    read: () => {
      const now = clock.now();
      forget(now);
      const seconds = Math.max(1, Math.min(windowMs, now - startedAtMs) / 1000);
      const lags = samples.map((sample) => sample.lagMs).sort((a, b) => a - b);
      const at = (share: number): number | undefined =>
        lags[Math.min(lags.length - 1, Math.floor(lags.length * share))];
      return {
        framesPerSecond: samples.reduce((sum, sample) => sum + sample.frames, 0) / seconds,
        recordsPerSecond: samples.reduce((sum, sample) => sum + sample.records, 0) / seconds,
        lagMsP50: at(0.5),
        lagMsP99: at(0.99),
        framesTotal,
        recordsTotal,
      };
    },
  };
};
