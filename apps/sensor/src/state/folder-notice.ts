import type { Clock } from '@parapet/core';
import type { InventorySink } from '../collectors/collector.ts';
import type { Log } from '../log.ts';

const key = 'state folder';

/**
 * Tells the console that the state folder takes nothing, as an entry beside the collectors for as long as it lasts: such a sensor
 * sees no less, but may lose what it saw.
 */
export const createFolderNotice =
  (deps: {
    readonly store: InventorySink;
    readonly stateDir: string;
    readonly clock: Clock;
    readonly log: Log;
  }): ((refusal: string | undefined) => void) =>
  (refusal) => {
    const { store, stateDir, clock, log } = deps;
    if (refusal === undefined) {
      log.info('the state folder takes what is written again', { stateDir });
      store.end('collector', key, clock.now());
      return;
    }
    log.warn('the state folder refuses what is written', { stateDir, error: refusal });
    store.put({
      kind: 'collector',
      key,
      startedAt: clock.now(),
      state: 'degraded',
      source: stateDir,
      reason: `Nothing can be written to ${stateDir} (${refusal}). Until there is room, events are lost and counted, and scans fail whose result must wait there.`,
    });
  };
