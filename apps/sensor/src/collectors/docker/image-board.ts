import type { Clock } from '@parapet/core';
import type { InventorySink } from '../collector.ts';
import type { DockerApi } from './docker-api.ts';
import { imageRecordOf } from './image-record.ts';

/** Keeps the records of the images Docker holds. */
export type ImageBoard = {
  /** Compares with what Docker lists; `again` looks anew at all of them, since tags change without the list showing it. */
  readonly reconcile: (again: boolean) => Promise<boolean>;
};

export const createImageBoard = (deps: {
  readonly api: DockerApi;
  readonly inventory: InventorySink;
  readonly clock: Clock;
}): ImageBoard => {
  let held = new Set<string>();
  return {
    reconcile: async (again) => {
      const listed = await deps.api.images();
      if (!listed.ok) return false;
      const present = new Set(listed.value);
      for (const id of held) if (!present.has(id)) deps.inventory.end('image', id, deps.clock.now());
      for (const id of present) {
        if (!again && held.has(id)) continue;
        const image = await deps.api.image(id);
        if (image.ok) deps.inventory.put(imageRecordOf(image.value));
        else present.delete(id);
      }
      held = present;
      return true;
    },
  };
};
