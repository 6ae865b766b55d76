import type { RecordKind } from '@parapet/contract/wire';

export type InventoryLimits = {
  /** Live records by kind. */
  readonly live: Readonly<Record<RecordKind, number>>;
  /** JSON of all live records together. */
  readonly liveBytes: number;
  /** Records that are over and wait for their acknowledgement, and their JSON. */
  readonly ended: number;
  readonly endedBytes: number;
  /** An edge of which only counters changed is sent again after this time; sooner, down to half of it, where another goes anyway. */
  readonly volatileEveryMs: number;
};

export const defaultInventoryLimits: InventoryLimits = {
  live: {
    host: 1,
    collector: 64,
    image: 4096,
    container: 4096,
    process: 16_384,
    listener: 8192,
    edge: 20_000,
    blind: 256,
    loss: 512,
  },
  liveBytes: 32 * 1024 * 1024,
  ended: 20_000,
  endedBytes: 8 * 1024 * 1024,
  volatileEveryMs: 20_000,
};

/** The collector to which a loss of records of this kind is charged. */
export const collectorOfKind: Readonly<Record<RecordKind, string>> = {
  host: 'host',
  collector: 'sensor',
  image: 'docker',
  container: 'docker',
  process: 'process',
  listener: 'network',
  edge: 'network',
  blind: 'sensor',
  loss: 'sensor',
};

/** The order in which kinds are sent: what others refer to goes first. */
export const sendingOrder = [
  'host',
  'collector',
  'image',
  'container',
  'process',
  'listener',
  'edge',
  'blind',
  'loss',
] as const satisfies readonly RecordKind[];
