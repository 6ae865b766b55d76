import type { TaskDesk } from './task-desk.ts';

/** Takes no task and says nothing: the console sends what it has to whoever connects next. */
export const createIdleDesk = (): TaskDesk => ({
  connected: () => undefined,
  onOrder: () => undefined,
  onBulk: () => undefined,
  states: { next: () => undefined },
  bulk: { next: () => undefined },
  stop: async () => undefined,
});
