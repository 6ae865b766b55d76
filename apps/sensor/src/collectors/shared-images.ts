import type { ImageRecord } from '@parapet/contract/wire';
import type { InventorySink } from './collector.ts';

/**
 * Lets several collectors tell of one image: Docker and Podman on one host may both hold it. Its record is that of who told first,
 * with the names of all, and ends when the last of them has it no more.
 */
export type SharedImages = {
  /** The inventory as one collector sees it. */
  readonly for: (collector: string) => InventorySink;
};

/** As the wire format says. */
const maxNames = 256;

export const createSharedImages = (inventory: InventorySink): SharedImages => {
  const holders = new Map<string, Map<string, ImageRecord>>();

  const tell = (told: ReadonlyMap<string, ImageRecord>): void => {
    const [first, ...others] = told.values();
    if (first === undefined) return;
    const joined = (field: 'tags' | 'repoDigests'): string[] =>
      [...new Set([first, ...others].flatMap((record) => record[field]))].slice(0, maxNames);
    inventory.put(others.length === 0 ? first : { ...first, tags: joined('tags'), repoDigests: joined('repoDigests') });
  };

  return {
    for: (collector) => ({
      ...inventory,
      put: (record) => {
        if (record.kind !== 'image' || record.endedAt !== undefined) return inventory.put(record);
        const told = holders.get(record.key) ?? new Map<string, ImageRecord>();
        holders.set(record.key, told.set(collector, record));
        tell(told);
      },
      end: (kind, key, endedAt, changes) => {
        const told = kind === 'image' ? holders.get(key) : undefined;
        told?.delete(collector);
        if (told !== undefined && told.size > 0) return tell(told);
        holders.delete(key);
        inventory.end(kind, key, endedAt, changes);
      },
    }),
  };
};
