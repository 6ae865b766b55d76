import type { StoreContents, StoredContainer } from '@parapet/sbom/local-stores';

/** What the stores of engines that are not asked say of their containers and images. Filled by the collector `stores`. */
export type StoredWorkloads = {
  /** Whether any store is read, so that it is worth waiting for what it says. */
  readonly isWatched: () => boolean;
  /** A container by its engine's id. Who asks for one that is not known has it looked for soon. */
  readonly container: (id: string) => StoredWorkload | undefined;
  /** Where an image lies, by the digest of its configuration. */
  readonly image: (configDigest: string) => StoredImagePlace | undefined;
  /** Calls back after any of it changed. Returns the way to stop listening. */
  readonly onChange: (listener: () => void) => () => void;
};

export type StoredWorkload = StoredContainer & { readonly engine: StoreContents['engine'] };

export type StoredImagePlace = {
  /** For people. */
  readonly name: string;
  /** The store's folder. */
  readonly root: string;
};

/** With the sides by which it is filled. */
export type StoredWorkloadsStore = StoredWorkloads & {
  readonly set: (found: Found) => void;
  /** Who looks again when somebody asks for a container that is not known. */
  readonly onUnknown: (look: () => void) => void;
};

type Found = {
  readonly containers: ReadonlyMap<string, StoredWorkload>;
  readonly images: ReadonlyMap<string, StoredImagePlace>;
  readonly isWatched: boolean;
};

export const createStoredWorkloads = (): StoredWorkloadsStore => {
  const listeners = new Set<() => void>();
  let current: Found = { containers: new Map(), images: new Map(), isWatched: false };
  let look: () => void = () => {};
  return {
    isWatched: () => current.isWatched,
    container: (id) => {
      const found = current.containers.get(id);
      if (found === undefined && current.isWatched) look();
      return found;
    },
    image: (configDigest) => current.images.get(configDigest),
    onChange: (listener) => {
      listeners.add(listener);
      return () => {
        listeners.delete(listener);
      };
    },
    onUnknown: (listener) => {
      look = listener;
    },
    set: (found) => {
      current = found;
      for (const listener of listeners) listener();
    },
  };
};
