import type { Hello } from '@parapet/contract/wire';
import type { Clock } from '@parapet/core';
import { createStateFile, RunMarker } from './state-files.ts';

/** This run of the sensor, marked on disk so that the next one knows how it ended. */
export type Run = {
  readonly previous: Hello['previousRun'];
  /** Marks the run as cleanly ended. */
  readonly close: () => Promise<void>;
};

/** How exactly the end of a killed run is known. */
const aliveEveryMs = 15_000;

export const openRun = async (stateDir: string, runId: string, clock: Clock): Promise<Run> => {
  const file = createStateFile(stateDir, 'run.json', RunMarker);
  const before = await file.read();
  const mark = (clean: boolean): Promise<void> => file.write({ format: 1, runId, lastAliveAt: clock.now(), clean });
  await mark(false);
  const timer = setInterval(() => {
    // A full disk must not end the sensor; the marker then only gets old.
    mark(false).catch(() => undefined);
  }, aliveEveryMs);
  timer.unref();
  return {
    previous:
      before === undefined
        ? undefined
        : { runId: before.runId, end: before.clean ? 'clean' : 'unclean', lastAliveAt: before.lastAliveAt },
    close: async () => {
      clearInterval(timer);
      await mark(true);
    },
  };
};
