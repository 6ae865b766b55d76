import type { Database } from '../database/database.ts';
import { createScanTaskStore } from '../scans/scan-tasks.ts';
import type { TaskStore } from '../tasks/task-dispatcher.ts';
import { pendingUpgrades } from './turn-rollouts.ts';

/** All that a sensor is to be told when it connects: its upgrade after what it was at. */
export const createOrderStore = (db: Database): TaskStore => {
  const scans = createScanTaskStore(db);
  return {
    pendingFor: async (hostId, limit) => {
      const [tasks, upgrades] = await Promise.all([scans.pendingFor(hostId, limit), pendingUpgrades(db, hostId)]);
      return [...tasks, ...upgrades].slice(0, limit);
    },
  };
};
