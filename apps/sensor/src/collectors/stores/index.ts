import type { StoreReader } from '@parapet/sbom/local-stores';
import type { CollectorDefinition } from '../collector.ts';
import type { RuntimeStates } from '../runtime-states.ts';
import type { StoredWorkloadsStore } from '../stored-workloads.ts';
import { createStoreBoard } from './store-board.ts';
import { startStoreWatch } from './store-watch.ts';

/** Images and containers of engines whose files are read and who are not asked. */
export const createStoresCollector = (deps: {
  readonly readers: readonly StoreReader[];
  readonly stored: StoredWorkloadsStore;
  readonly runtimes: RuntimeStates;
  readonly seesHost?: boolean;
}): CollectorDefinition => ({
  name: 'stores',
  // An engine may be installed at any time.
  needs: [],
  start: async (context) => {
    const board = createStoreBoard({ ...deps, context });
    const watch = startStoreWatch({ board, context });
    deps.stored.onUnknown(watch.lookSoon);
    await watch.firstView;
    return { stop: async () => watch.stop() };
  },
});
