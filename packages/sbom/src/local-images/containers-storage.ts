import { join } from 'node:path';
import { fail, ok, problem } from '@parapet/core';
import { openLayers } from '../file-system/layers.ts';
import { containersStorageSetting } from './configured-root.ts';
import {
  chainOf,
  driverOf,
  Images,
  imagesPath,
  Layers,
  layerFolder,
  layersPath,
  readList,
} from './containers-storage-files.ts';
import { imageNamesOf } from './image-names.ts';
import type { LocalImageStore } from './local-image.ts';
import { containersStorageRoot, ownContainersStorage } from './store-roots.ts';

/** Images of Podman, Buildah and CRI-O (containers/storage): layers are unpacked folders. Nothing is locked. */
export const containersStorage: LocalImageStore = {
  name: 'Podman',
  roots: [containersStorageRoot, ...ownContainersStorage()],
  setting: containersStorageSetting,
  open: async (root, name, options) => {
    const driver = await driverOf(root);
    if (driver === undefined) return fail(problem('not-found', 'There is no store here.', root));
    const images = await readList(imagesPath(root, driver), Images);
    if (!images.ok) return images;
    const wanted = new Set(imageNamesOf(name));
    const image = images.value.find(
      ({ id, names }) => names?.some((one) => wanted.has(one)) === true || isIdOf(id, name),
    );
    if (image === undefined) return fail(problem('no-image', 'Podman has no image of this name.', root));
    const layers = await readList(layersPath(root, driver), Layers);
    if (!layers.ok) return layers;
    const chain = chainOf(new Map(layers.value.map((layer) => [layer.id, layer])), image.layer);
    if (chain === undefined) return fail(problem('missing-blob', 'A layer of the image is not in the store.', root));
    // The folders of `vfs` are whole roots, of which the uppermost is the image.
    const shown = driver === 'vfs' ? chain.slice(0, 1) : chain;
    const opened = await openLayers(
      shown.map(({ id }) => (driver === 'vfs' ? join(root, 'vfs', 'dir', id) : layerFolder(root, id))),
      {
        description: name,
        ...(driver === 'vfs' ? {} : { layerDigests: shown.map((layer) => layer['diff-digest']) }),
        ...(options.isOpaque === undefined ? {} : { isOpaque: options.isOpaque }),
      },
    );
    const configDigest = `sha256:${image.id}`;
    return opened.ok ? ok({ fileSystem: opened.value, problems: [], store: 'Podman', configDigest }) : opened;
  },
};

/** People copy the first characters that `podman images` shows. */
const isIdOf = (id: string, name: string): boolean =>
  name === `sha256:${id}` || (/^[0-9a-f]{12,64}$/.test(name) && id.startsWith(name));
