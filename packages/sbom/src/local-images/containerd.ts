import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Problem, problem, type Result } from '@parapet/core';
import { openLayers } from '../file-system/layers.ts';
import { type BlobStore, openBlobStore } from '../image/archive-index.ts';
import type { ImageInfo } from '../image/manifest.ts';
import { openImageOf } from '../image/open-image-archive.ts';
import { askBolt } from './bolt/open-bolt.ts';
import { containerdSetting } from './configured-root.ts';
import {
  bucketIn,
  chainOf,
  contentPath,
  imageStore,
  metadataPath,
  readForPlatform,
  readSnapshots,
  snapshotKeyOf,
  targetOf,
} from './containerd-metadata.ts';
import { imageNamesOf } from './image-names.ts';
import type { LocalImage, LocalImageOptions, LocalImageStore } from './local-image.ts';
import { isDigest, maxListed } from './store-contents.ts';
import { containerdRoots } from './store-roots.ts';

/** Images of containerd, in whatever namespace; where Kubernetes has thrown the layers' archives away, their unpacked folders. */
export const containerdStore: LocalImageStore = {
  name: 'containerd',
  roots: containerdRoots,
  setting: containerdSetting,
  open: async (root, name, options) => {
    const listed = await findImages(root, name);
    if (!listed.ok) return listed;
    const opened = await openBlobStore(contentPath(root));
    if (!opened.ok) return opened;
    await using content = opened.value;
    if (!isDigest(name)) {
      const [image] = listed.value;
      return image === undefined ? fail(noImage(root)) : openFound(root, image, content, options);
    }
    for (const image of listed.value) {
      const info = await readForPlatform(imageStore(content, image.digest), options.platform);
      if (info.ok && info.value.image.configDigest === name) return openFound(root, image, content, options);
    }
    return fail(noImage(root));
  },
};

const noImage = (root: string): Problem => problem('no-image', 'containerd has no image of this name.', root);

type FoundImage = { readonly namespace: string; readonly name: string; readonly digest: string };

/** The first of this name; for the digest of a configuration all that may have it, each manifest once. */
const findImages = async (root: string, name: string): Promise<Result<readonly FoundImage[], Problem>> =>
  askBolt(metadataPath(root), async (database) => {
    const version = await database.bucket('v1');
    const found = new Map<string, FoundImage>();
    for (const namespace of (await version?.bucketNames()) ?? []) {
      const images = await bucketIn(version, namespace, 'images');
      for (const known of isDigest(name) ? ((await images?.bucketNames()) ?? []) : imageNamesOf(name)) {
        const digest = await targetOf(await images?.bucket(known));
        if (digest === undefined) continue;
        if (!isDigest(name)) return [{ namespace, name: known, digest }];
        if (found.size < maxListed) found.set(`${namespace} ${digest}`, { namespace, name: known, digest });
      }
    }
    return [...found.values()];
  });

const openFound = async (
  root: string,
  image: FoundImage,
  content: BlobStore,
  options: LocalImageOptions,
): Promise<Result<LocalImage, Problem>> => {
  const store = imageStore(content, image.digest);
  const info = await readForPlatform(store, options.platform);
  if (!info.ok) return info;
  const found = { store: `containerd (${image.namespace})`, configDigest: info.value.image.configDigest };
  if (await hasLayers(root, info.value.image)) {
    const platform = info.value.platform === undefined ? {} : { platform: info.value.platform };
    const signal = options.signal === undefined ? {} : { signal: options.signal };
    const read = await openImageOf(store, image.name, { ...platform, ...signal });
    return read.ok ? ok({ ...found, fileSystem: read.value.fileSystem, problems: read.value.problems }) : read;
  }
  const folders = await snapshotFolders(root, image.namespace, info.value.image);
  if (!folders.ok) return folders;
  const opened = await openLayers(folders.value, {
    description: image.name,
    layerDigests: info.value.image.layers.map(({ diffId }) => diffId).toReversed(),
    ...(options.isOpaque === undefined ? {} : { isOpaque: options.isOpaque }),
  });
  return opened.ok ? ok({ ...found, fileSystem: opened.value, problems: [] }) : opened;
};

const hasLayers = async (root: string, { layers }: ImageInfo): Promise<boolean> => {
  for (const { blob } of layers) {
    const info = await stat(join(contentPath(root), blob)).catch(() => undefined);
    if (info?.isFile() !== true) return false;
  }
  return true;
};

/** The folders of the unpacked layers, the uppermost first: by the chain of digests, the snapshot's key, and its number. */
const snapshotFolders = async (
  root: string,
  namespace: string,
  image: ImageInfo,
): Promise<Result<readonly string[], Problem>> => {
  const chain = chainOf(image);
  if (chain === undefined) return fail(missingLayers(root));
  const key = await askBolt(metadataPath(root), (database) => snapshotKeyOf(database, namespace, chain));
  if (!key.ok) return key;
  const snapshots = await readSnapshots(root, key.value === undefined ? [] : [key.value]);
  if (!snapshots.ok) return snapshots;
  const found = snapshots.value.get(key.value ?? '') ?? [];
  if (found.length !== image.layers.length) return fail(missingLayers(root));
  return ok(found.map(({ folder }) => folder));
};

const missingLayers = (root: string): Problem =>
  problem(
    'missing-blob',
    'containerd has neither the archives of the image’s layers nor their unpacked folders.',
    root,
  );
