import { isAnotherLife } from '@parapet/contract/wire';
import type { InventoryItem, PutRecord, RefusedId } from './frame-reader.ts';

/**
 * A run of records that may be stored as a set: each kind and key at most once, the latest version. `begin` and `end` are the
 * marks of a snapshot before and after it.
 */
export type Segment = {
  readonly begin: { readonly bootId: string; readonly takenAt: number } | undefined;
  readonly puts: readonly PutRecord[];
  readonly refused: readonly RefusedId[];
  readonly end: boolean;
};

/**
 * Cuts items into segments. A later version of a record replaces an earlier one, except when the earlier had ended: the same
 * key may begin again (a port opened anew, a container started again) and both spans count.
 */
export const cutSegments = (items: readonly InventoryItem[]): readonly Segment[] => {
  const segments: Segment[] = [];
  let open = newSegment(undefined);
  const close = (end: boolean): void => {
    if (end || open.begin !== undefined || open.puts.size > 0 || open.refused.size > 0) {
      segments.push({ begin: open.begin, puts: [...open.puts.values()], refused: [...open.refused.values()], end });
    }
    open = newSegment(undefined);
  };
  for (const item of items) {
    switch (item.kind) {
      case 'snapshot-begin':
        close(false);
        open = newSegment({ bootId: item.bootId, takenAt: item.takenAt });
        break;
      case 'snapshot-end':
        close(true);
        break;
      case 'put': {
        const id = `${item.put.record.kind}\0${item.put.record.key}`;
        const earlier = open.puts.get(id);
        if (earlier !== undefined && isAnotherLife(earlier.record, item.put.record)) close(false);
        open.puts.set(id, item.put);
        break;
      }
      case 'refused':
        if (item.id !== undefined) open.refused.set(`${item.id.kind}\0${item.id.key}`, item.id);
        break;
    }
  }
  close(false);
  return segments;
};

type OpenSegment = {
  readonly begin: Segment['begin'];
  readonly puts: Map<string, PutRecord>;
  readonly refused: Map<string, RefusedId>;
};

const newSegment = (begin: Segment['begin']): OpenSegment => ({ begin, puts: new Map(), refused: new Map() });
