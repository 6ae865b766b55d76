import { createHash } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Problem, problem, type Result } from '@parapet/core';
import { openLayers } from '../file-system/layers.ts';
import { type BlobStore, openBlobStore } from '../image/archive-index.ts';
import { type ImageInfo, readImageInfo } from '../image/manifest.ts';
import { openImageOf } from '../image/open-image-archive.ts';
import { uvarintOf } from './bolt/format.ts';
import { askBolt, type Bucket } from './bolt/open-bolt.ts';
import { imageNamesOf } from './image-names.ts';
import type { LocalImage, LocalImageOptions, LocalImageStore } from './local-image.ts';

/** As containerd's own limit on the layers of an overlay. */
const maxLayers = 512;
const snapshotter = 'overlayfs';

/** Images of containerd, in whatever namespace; where Kubernetes has thrown the layers' archives away, their unpacked folders. */
export const containerdStore: LocalImageStore = {
  name: 'containerd',
  roots: [
    '/var/lib/containerd',
    '/var/lib/rancher/k3s/agent/containerd',
    '/var/lib/rancher/rke2/agent/containerd',
    '/var/lib/k0s/containerd',
    '/var/snap/microk8s/common/var/lib/containerd',
  ],
  open: async (root, name, options) => {
    const found = await findImage(root, imageNamesOf(name));
    if (!found.ok) return found;
    const opened = await openBlobStore(join(root, 'io.containerd.content.v1.content'));
    if (!opened.ok) return opened;
    await using content = opened.value;
    return openFound(root, found.value, content, options);
  },
};

type FoundImage = { readonly namespace: string; readonly name: string; readonly digest: string };

const metadataOf = (root: string): string => join(root, 'io.containerd.metadata.v1.bolt', 'meta.db');

const bucketIn = async (bucket: Bucket | undefined, ...path: readonly string[]): Promise<Bucket | undefined> => {
  let found = bucket;
  for (const key of path) found = await found?.bucket(key);
  return found;
};

/** `v1/<namespace>/images/<name>/target`: the digest of an index or of a manifest. */
const findImage = async (root: string, names: readonly string[]): Promise<Result<FoundImage, Problem>> => {
  const asked = await askBolt(metadataOf(root), async (database): Promise<FoundImage | undefined> => {
    const version = await database.bucket('v1');
    for (const namespace of (await version?.bucketNames()) ?? []) {
      const images = await bucketIn(version, namespace, 'images');
      for (const name of names) {
        const digest = (await (await bucketIn(images, name, 'target'))?.get('digest'))?.toString('latin1');
        if (digest !== undefined && /^sha256:[0-9a-f]{64}$/.test(digest)) return { namespace, name, digest };
      }
    }
    return undefined;
  });
  if (!asked.ok) return asked;
  return asked.value === undefined
    ? fail(problem('no-image', 'containerd has no image of this name.', root))
    : ok(asked.value);
};

const openFound = async (
  root: string,
  image: FoundImage,
  content: BlobStore,
  options: LocalImageOptions,
): Promise<Result<LocalImage, Problem>> => {
  const index = Buffer.from(JSON.stringify({ manifests: [{ digest: image.digest }] }));
  // The store has the form of an OCI layout without its index.
  const store: BlobStore = {
    ...content,
    read: async (name, maxBytes) => (name === 'index.json' ? ok(index) : content.read(name, maxBytes)),
  };
  const info = await readForPlatform(store, options.platform);
  if (!info.ok) return info;
  const label = `containerd (${image.namespace})`;
  if (await hasLayers(root, info.value.image)) {
    const platform = info.value.platform === undefined ? {} : { platform: info.value.platform };
    const signal = options.signal === undefined ? {} : { signal: options.signal };
    const read = await openImageOf(store, image.name, { ...platform, ...signal });
    return read.ok ? ok({ fileSystem: read.value.fileSystem, problems: read.value.problems, store: label }) : read;
  }
  const folders = await snapshotFolders(root, image.namespace, info.value.image);
  if (!folders.ok) return folders;
  const opened = await openLayers(folders.value, {
    description: image.name,
    layerDigests: info.value.image.layers.map(({ diffId }) => diffId).toReversed(),
    ...(options.isOpaque === undefined ? {} : { isOpaque: options.isOpaque }),
  });
  return opened.ok ? ok({ fileSystem: opened.value, problems: [], store: label }) : opened;
};

/** This machine's platform, as images call it; of an index only what was pulled is there. */
const ownPlatforms = (): readonly string[] => {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  return [`linux/${architecture}`, ...(architecture === 'arm64' ? ['linux/arm64/v8'] : [])];
};

const readForPlatform = async (
  store: BlobStore,
  wanted: string | undefined,
): Promise<Result<{ readonly image: ImageInfo; readonly platform: string | undefined }, Problem>> => {
  let first: Problem | undefined;
  for (const platform of wanted === undefined ? [...ownPlatforms(), undefined] : [wanted]) {
    const info = await readImageInfo(store, platform === undefined ? {} : { platform });
    if (info.ok) return ok({ image: info.value, platform });
    first ??= info.error;
  }
  return fail(first ?? problem('no-platform', 'The image is not there for this platform.'));
};

const hasLayers = async (root: string, { layers }: ImageInfo): Promise<boolean> => {
  for (const { blob } of layers) {
    const info = await stat(join(root, 'io.containerd.content.v1.content', blob)).catch(() => undefined);
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
  const named = await askBolt(metadataOf(root), async (database) =>
    (await bucketIn(database, 'v1', namespace, 'snapshots', snapshotter, chain))?.get('name'),
  );
  if (!named.ok) return named;
  const key = named.value?.toString('utf8');
  const home = join(root, `io.containerd.snapshotter.v1.${snapshotter}`);
  const numbers = await askBolt(join(home, 'metadata.db'), async (database) => {
    const snapshots = await bucketIn(database, 'v1', 'snapshots');
    const found: bigint[] = [];
    let at: string | undefined = key;
    while (at !== undefined && at !== '' && found.length < maxLayers) {
      const snapshot: Bucket | undefined = await snapshots?.bucket(at);
      const id = uvarintOf(await snapshot?.get('id'));
      if (id === undefined) return [];
      found.push(id);
      at = (await snapshot?.get('parent'))?.toString('utf8');
    }
    return found;
  });
  if (!numbers.ok) return numbers;
  if (numbers.value.length !== image.layers.length) return fail(missingLayers(root));
  return ok(numbers.value.map((id) => join(home, 'snapshots', String(id), 'fs')));
};

/** The identity of all layers of an image together (OCI image specification, "Layer ChainID"). */
const chainOf = ({ layers }: ImageInfo): string | undefined => {
  let chain: string | undefined;
  for (const { diffId } of layers) {
    if (diffId === undefined) return undefined;
    chain = chain === undefined ? diffId : `sha256:${createHash('sha256').update(`${chain} ${diffId}`).digest('hex')}`;
  }
  return chain;
};

const missingLayers = (root: string): Problem =>
  problem(
    'missing-blob',
    'containerd has neither the archives of the image’s layers nor their unpacked folders.',
    root,
  );
