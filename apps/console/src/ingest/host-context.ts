import type { DatabaseTransaction } from '../database/database.ts';
import type { EdgeTurns } from './edges/edge-turns.ts';
import type { HostTime } from './host-time.ts';

/** What the writing of one batch knows of its host. Everything is keyed by `hostId`, which comes from the certificate. */
export type HostContext = {
  readonly trx: DatabaseTransaction;
  readonly hostId: string;
  readonly zone: string;
  readonly runId: string;
  readonly bootId: string;
  readonly epoch: number;
  readonly time: HostTime;
  readonly changes: ChangeCollector;
  readonly edgeTurns: EdgeTurns;
};

/** What a batch changed, told to listeners once it is committed. */
export type InventoryChange = {
  readonly hostId: string;
  /** Assets of this host, and images, that changed. */
  readonly assetIds: readonly string[];
  readonly kinds: readonly ChangeKind[];
};
export type ChangeKind =
  | 'host'
  | 'container'
  | 'image'
  | 'process'
  | 'listener'
  | 'edge'
  | 'collector'
  | 'blind'
  | 'loss'
  | 'presence';

export type ChangeCollector = {
  readonly note: (kind: ChangeKind, assetIds?: readonly string[]) => void;
  readonly taken: (hostId: string) => InventoryChange;
};

export const createChangeCollector = (): ChangeCollector => {
  const kinds = new Set<ChangeKind>();
  const assetIds = new Set<string>();
  return {
    note: (kind, ids = []) => {
      kinds.add(kind);
      for (const id of ids) assetIds.add(id);
    },
    taken: (hostId) => ({ hostId, assetIds: [...assetIds], kinds: [...kinds] }),
  };
};
