import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { fail, ok, type Problem, problem, type Result } from '@parapet/core';
import type { BlobStore } from '../image/archive-index.ts';
import { type ImageInfo, readImageInfo } from '../image/manifest.ts';
import { uvarintOf } from './bolt/format.ts';
import { askBolt, type Bucket } from './bolt/open-bolt.ts';
import { isDigest } from './store-contents.ts';

/*
 * What containerd writes down of its images, and where. `metadata.v1.bolt` knows namespaces with images, containers and the
 * names of snapshots; each snapshotter has a database of its own that knows the folders.
 */

/** As containerd's own limit on the layers of an overlay. */
const maxLayers = 512;
const snapshotter = 'overlayfs';

export const metadataPath = (root: string): string => join(root, 'io.containerd.metadata.v1.bolt', 'meta.db');
export const contentPath = (root: string): string => join(root, 'io.containerd.content.v1.content');
const snapshotsPath = (root: string): string => join(root, `io.containerd.snapshotter.v1.${snapshotter}`);

export const bucketIn = async (bucket: Bucket | undefined, ...path: readonly string[]): Promise<Bucket | undefined> => {
  let found = bucket;
  for (const key of path) found = await found?.bucket(key);
  return found;
};

export const textOf = async (bucket: Bucket | undefined, key: string): Promise<string> =>
  (await bucket?.get(key))?.toString('utf8') ?? '';

/** `v1/<namespace>/images/<name>/target`: the digest of an index or of a manifest. */
export const targetOf = async (image: Bucket | undefined): Promise<string | undefined> => {
  const digest = await textOf(await image?.bucket('target'), 'digest');
  return isDigest(digest) ? digest : undefined;
};

/** An image of containerd's content, which has the form of an OCI layout without its index. */
export const imageStore = (content: BlobStore, targetDigest: string): BlobStore => {
  const index = Buffer.from(JSON.stringify({ manifests: [{ digest: targetDigest }] }));
  return {
    ...content,
    read: async (name, maxBytes) => {
      if (name === 'index.json') return ok(index);
      // No layout of containerd's has one; a file of that name would be another's.
      return name === 'manifest.json' ? fail(problem('missing-blob', 'There is none.')) : content.read(name, maxBytes);
    },
  };
};

export type PlatformImage = { readonly image: ImageInfo; readonly platform: string | undefined };

/** This machine's platform, as images call it; of an index only what was pulled is there. */
const ownPlatforms = (): readonly string[] => {
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  return [`linux/${architecture}`, ...(architecture === 'arm64' ? ['linux/arm64/v8'] : [])];
};

export const readForPlatform = async (
  store: BlobStore,
  wanted: string | undefined,
): Promise<Result<PlatformImage, Problem>> => {
  let first: Problem | undefined;
  for (const platform of wanted === undefined ? [...ownPlatforms(), undefined] : [wanted]) {
    const info = await readImageInfo(store, platform === undefined ? {} : { platform });
    if (info.ok) return ok({ image: info.value, platform });
    first ??= info.error;
  }
  return fail(first ?? problem('no-platform', 'The image is not there for this platform.'));
};

/** The identity of all layers of an image together (OCI image specification, "Layer ChainID"). */
export const chainOf = ({ layers }: ImageInfo): string | undefined => {
  let chain: string | undefined;
  for (const { diffId } of layers) {
    if (diffId === undefined) return undefined;
    chain = chain === undefined ? diffId : `sha256:${createHash('sha256').update(`${chain} ${diffId}`).digest('hex')}`;
  }
  return chain;
};

/** By which key the snapshotter knows what a namespace calls `name`: the chain of an image's layers, or a container's own. */
export const snapshotKeyOf = async (database: Bucket, namespace: string, name: string): Promise<string | undefined> =>
  (await (await bucketIn(database, 'v1', namespace, 'snapshots', snapshotter, name))?.get('name'))?.toString('utf8');

/** A snapshot with what it lies on, the uppermost first. */
export type SnapshotChain = readonly { readonly folder: string; readonly sizeBytes: number }[];

/** Asks the snapshotter for several of its keys; those it does not know, or not to their end, are absent. */
export const readSnapshots = async (
  root: string,
  keys: readonly string[],
): Promise<Result<ReadonlyMap<string, SnapshotChain>, Problem>> => {
  const home = snapshotsPath(root);
  return askBolt(join(home, 'metadata.db'), async (database) => {
    const snapshots = await bucketIn(database, 'v1', 'snapshots');
    const found = new Map<string, SnapshotChain>();
    for (const key of keys) {
      const chain = await followChain(snapshots, key, home);
      if (chain !== undefined) found.set(key, chain);
    }
    return found;
  });
};

const followChain = async (
  snapshots: Bucket | undefined,
  key: string,
  home: string,
): Promise<SnapshotChain | undefined> => {
  const chain: { folder: string; sizeBytes: number }[] = [];
  for (let at = key; at !== ''; ) {
    const snapshot = await snapshots?.bucket(at);
    const id = uvarintOf(await snapshot?.get('id'));
    if (id === undefined || chain.length >= maxLayers) return undefined;
    const size = uvarintOf(await snapshot?.get('size')) ?? 0n;
    chain.push({ folder: join(home, 'snapshots', String(id), 'fs'), sizeBytes: Number(size) });
    at = await textOf(snapshot, 'parent');
  }
  return chain;
};
