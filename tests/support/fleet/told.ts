import { decodeFrame, InventoryMessage, type InventoryRecord, isLiveRecord, recordHash } from '@parapet/contract/wire';
import { readLedger } from '../../../apps/sensor/src/fleet/ledger.ts';

/** What one host told and the console acknowledged, laid out as the contract words it. */
export type Told = {
  /** Hashes of live records by kind and key. */
  readonly live: Map<string, string>;
  /** Each life of a thing: by kind, key and start, and whether its end was told. */
  readonly spans: Map<string, { readonly record: InventoryRecord; readonly ended: boolean }>;
  /** Connections of each edge as its reports add up. */
  readonly connections: Map<string, number>;
};

/** Reads ledgers, in the order in which they were written, into what each host told. */
export const readTold = (paths: readonly string[]): ReadonlyMap<string, Told> => {
  const hosts = new Map<string, Reader>();
  for (const path of paths) {
    for (const { hostId, frame } of readLedger(path)) {
      const reader = hosts.get(hostId) ?? createReader();
      hosts.set(hostId, reader);
      reader.read(frame);
    }
  }
  return new Map([...hosts].map(([hostId, reader]) => [hostId, reader.told]));
};

type Reader = { readonly told: Told; readonly read: (frame: Buffer) => void };

const createReader = (): Reader => {
  const told: Told = { live: new Map(), spans: new Map(), connections: new Map() };
  const lastEdge = new Map<string, { startedAt: number; connections: number }>();
  let named: Set<string> | undefined;

  const put = (record: InventoryRecord, json: string): void => {
    const id = `${record.kind} ${record.key}`;
    named?.add(id);
    if (isLiveRecord(record)) {
      told.live.set(id, recordHash(record.kind, record.key, json).toString(16).padStart(16, '0'));
    } else told.live.delete(id);
    told.spans.set(`${id} ${record.startedAt}`, { record, ended: record.endedAt !== undefined });
    if (record.kind !== 'edge') return;
    const last = lastEdge.get(id);
    const before = last?.startedAt === record.startedAt ? last.connections : 0;
    const grown = Math.max(0, record.connections - before);
    told.connections.set(record.key, (told.connections.get(record.key) ?? 0) + grown);
    lastEdge.set(id, record);
  };

  return {
    told,
    read: (data) => {
      const frame = decodeFrame(data);
      if (!frame.ok) throw new Error(frame.error.message);
      for (const line of frame.value.body.toString('utf8').split('\n')) {
        const raw = JSON.parse(line) as { record?: unknown };
        const message = InventoryMessage.parse(raw);
        if (message.kind === 'snapshot-begin') named = new Set();
        else if (message.kind === 'put') put(message.record, JSON.stringify(raw.record));
        else {
          for (const id of told.live.keys()) if (named?.has(id) !== true) told.live.delete(id);
          named = undefined;
        }
      }
    },
  };
};
