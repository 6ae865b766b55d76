import { messageOf } from '@parapet/core';
import type { Log } from '../log.ts';
import type { OwnGroup } from './own-group.ts';

/** What happened during the start waits in rings and queues, and all code runs for the first time: held back now, it would lose events. */
export const settlingMs = 30_000;

/** Has the limit of processor time hold once the sensor has settled. A kernel that refuses is told in the log: the sensor goes on. */
export const throttleOnceSettled = (group: Pick<OwnGroup, 'throttle'>, log: Pick<Log, 'warn'>): void => {
  setTimeout(() => {
    try {
      group.throttle();
    } catch (error) {
      log.warn('the limit of processor time could not be set', { error: messageOf(error) });
    }
  }, settlingMs).unref();
};
