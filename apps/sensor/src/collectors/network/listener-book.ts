import type { ListenerRecord } from '@parapet/contract/wire';
import type { TransportProtocol } from '@parapet/kernel';
import type { InventorySink } from '../collector.ts';
import type { KnownProcess } from '../workload-directory.ts';
import { listenerKey } from './record-keys.ts';

export type ListenerSighting = {
  readonly containerKey: string | undefined;
  readonly process: Pick<KnownProcess, 'key'> | undefined;
  readonly executable: string | undefined;
  readonly protocol: TransportProtocol;
  readonly address: string;
  readonly port: number;
};

/** The listening sockets as records: those told of in one look and not in the next are over. */
export type ListenerBook = {
  /** A socket of the present look. The first of several on one address (SO_REUSEPORT, workers) stands for all. */
  readonly see: (sighting: ListenerSighting, now: number) => void;
  /** Ends what was not seen since the last call. */
  readonly finishLook: (now: number) => void;
};

export type ListenerBookDeps = {
  readonly inventory: Pick<InventorySink, 'put'>;
  readonly lose: (cause: string, count: number) => void;
  readonly limit?: number;
};

export const createListenerBook = (deps: ListenerBookDeps): ListenerBook => {
  const limit = deps.limit ?? 8192;
  const records = new Map<string, ListenerRecord>();
  const seen = new Set<string>();
  const refused = { now: 0, before: 0 };

  const remove = (record: ListenerRecord, endedAt: number): void => {
    records.delete(record.key);
    deps.inventory.put({ ...record, endedAt });
  };
  const admits = (key: string): boolean => {
    if (records.has(key) || records.size < limit) return true;
    refused.now += 1;
    return false;
  };

  return {
    see: (sighting, now) => {
      const key = listenerKey(sighting.containerKey, sighting.protocol, sighting.address, sighting.port);
      if (seen.has(key) || !admits(key)) return;
      seen.add(key);
      const before = records.get(key);
      const record = recordOf(key, sighting, before?.startedAt ?? now);
      if (before !== undefined && before.processKey === record.processKey && before.executable === record.executable)
        return;
      records.set(key, record);
      deps.inventory.put(record);
    },
    finishLook: (now) => {
      for (const record of records.values()) if (!seen.has(record.key)) remove(record, now);
      seen.clear();
      // The same ones are refused at each look; only what goes beyond the last count is new.
      if (refused.now > refused.before) deps.lose('too-many-listeners', refused.now - refused.before);
      refused.before = refused.now;
      refused.now = 0;
    },
  };
};

const recordOf = (key: string, sighting: ListenerSighting, startedAt: number): ListenerRecord => ({
  kind: 'listener',
  key,
  startedAt,
  protocol: sighting.protocol,
  address: sighting.address,
  port: sighting.port,
  ...(sighting.containerKey === undefined ? {} : { containerKey: sighting.containerKey }),
  ...(sighting.process === undefined ? {} : { processKey: sighting.process.key }),
  ...(sighting.executable === undefined ? {} : { executable: sighting.executable }),
});
