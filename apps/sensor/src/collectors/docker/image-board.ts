import type { Clock } from '@parapet/core';
import type { InventorySink } from '../collector.ts';
import type { DockerApi } from './docker-api.ts';
import { imageRecordOf } from './image-record.ts';

/** Keeps the records of the images Docker holds. */
export type ImageBoard = {
  /** Compares with what Docker lists, and looks at images that are new or were tagged. False when Docker did not answer. */
  readonly reconcile: () => Promise<boolean>;
};

export const createImageBoard = (deps: {
  readonly api: DockerApi;
  readonly inventory: InventorySink;
  readonly clock: Clock;
}): ImageBoard => {
  /** Names by id, as the list had them. */
  const held = new Map<string, string>();
  return {
    reconcile: async () => {
      const listed = await deps.api.images();
      if (!listed.ok) return false;
      const present = new Set(listed.value.map(({ Id }) => Id));
      for (const id of held.keys()) {
        if (present.has(id)) continue;
        held.delete(id);
        deps.inventory.end('image', id, deps.clock.now());
      }
      for (const { Id, RepoTags, RepoDigests } of listed.value) {
        const names = JSON.stringify([RepoTags, RepoDigests]);
        if (held.get(Id) === names) continue;
        const image = await deps.api.image(Id);
        if (!image.ok) continue;
        deps.inventory.put(imageRecordOf(image.value));
        held.set(Id, names);
      }
      return true;
    },
  };
};
