import { ok, type Problem, problem, type Result } from '@parapet/core';
import { type BlobStore, openBlobStore } from '../image/archive-index.ts';
import { askBolt, type Bucket } from './bolt/open-bolt.ts';
import {
  bucketIn,
  chainOf,
  contentPath,
  imageStore,
  metadataPath,
  type PlatformImage,
  readForPlatform,
  readSnapshots,
  type SnapshotChain,
  snapshotKeyOf,
  targetOf,
  textOf,
} from './containerd-metadata.ts';
import {
  isDigest,
  maxListed,
  maxListProblems,
  type StoreContents,
  type StoredContainer,
  type StoredImage,
  type StoreReader,
  sortNames,
  withDigest,
} from './store-contents.ts';
import { stampOf } from './store-stamp.ts';

/** Docker's own namespace: Docker tells of what is in it, by names of its own. */
const dockerNamespace = 'moby';

/** Lists the images and containers of containerd, but for Docker's, in all namespaces. */
export const containerdReader = (root: string): StoreReader => {
  // What a digest names cannot change. Whether it is unpacked can.
  let known = new Map<string, PlatformImage>();
  return {
    root,
    stamp: () => stampOf([metadataPath(root)]),
    read: async () => {
      const noted = await askBolt(metadataPath(root), readNotes);
      if (!noted.ok) return noted;
      const opened = await openBlobStore(contentPath(root));
      if (!opened.ok) return opened;
      await using content = opened.value;
      const manifests = await readManifests(content, noted.value.images, known);
      known = manifests.found;
      const snapshots = await readUsedSnapshots(root, noted.value, known);
      return snapshots.ok ? ok(contentsOf(noted.value, known, snapshots.value, manifests.problems)) : snapshots;
    },
  };
};

type NotedImage = {
  readonly namespace: string;
  readonly name: string;
  readonly target: string;
  readonly storedAt: number | undefined;
};
type NotedContainer = {
  readonly namespace: string;
  readonly id: string;
  readonly imageName: string;
  readonly snapshot: string;
  readonly labels: ReadonlyMap<string, Buffer>;
};
type Notes = { readonly images: readonly NotedImage[]; readonly containers: readonly NotedContainer[] };

const readNotes = async (database: Bucket): Promise<Notes> => {
  const version = await database.bucket('v1');
  const images: NotedImage[] = [];
  const containers: NotedContainer[] = [];
  for (const namespace of (await version?.bucketNames()) ?? []) {
    if (namespace === dockerNamespace) continue;
    const imagesHere = await bucketIn(version, namespace, 'images');
    for (const name of (await imagesHere?.bucketNames()) ?? []) {
      const image = await imagesHere?.bucket(name);
      const target = await targetOf(image);
      if (target === undefined || images.length >= maxListed) continue;
      images.push({ namespace, name, target, storedAt: timeOf(await image?.get('createdat')) });
    }
    const containersHere = await bucketIn(version, namespace, 'containers');
    for (const id of (await containersHere?.bucketNames()) ?? []) {
      if (containers.length >= maxListed) break;
      const container = await containersHere?.bucket(id);
      containers.push({
        namespace,
        id,
        imageName: await textOf(container, 'image'),
        snapshot: await textOf(container, 'snapshotKey'),
        labels: (await (await container?.bucket('labels'))?.values()) ?? new Map(),
      });
    }
  }
  return { images, containers };
};

/** Go's `time.MarshalBinary`: a version, seconds since the year 1, nanoseconds, the zone. In milliseconds since the Unix epoch. */
const timeOf = (bytes: Buffer | undefined): number | undefined => {
  if (bytes === undefined || bytes.length < 15) return undefined;
  const milliseconds =
    Number(bytes.readBigInt64BE(1) - 62_135_596_800n) * 1000 + Math.floor(bytes.readInt32BE(9) / 1e6);
  return milliseconds > 0 && milliseconds < 8.64e15 ? milliseconds : undefined;
};

const readManifests = async (
  content: BlobStore,
  images: readonly NotedImage[],
  known: ReadonlyMap<string, PlatformImage>,
): Promise<{ readonly found: Map<string, PlatformImage>; readonly problems: readonly Problem[] }> => {
  const found = new Map<string, PlatformImage>();
  const problems: Problem[] = [];
  for (const { target, name } of images) {
    if (found.has(target)) continue;
    const before = known.get(target);
    const info = before === undefined ? await readForPlatform(imageStore(content, target), undefined) : ok(before);
    if (info.ok) found.set(target, info.value);
    else if (problems.length < maxListProblems) problems.push({ ...info.error, at: name.slice(0, 512) });
  }
  return { found, problems };
};

const snapshotId = (namespace: string, name: string): string => `${namespace} ${name}`;

/** By namespace and name: the unpacked layers of images, and what containers lie on. */
const readUsedSnapshots = async (
  root: string,
  { images, containers }: Notes,
  manifests: ReadonlyMap<string, PlatformImage>,
): Promise<Result<ReadonlyMap<string, SnapshotChain>, Problem>> => {
  const named = await askBolt(metadataPath(root), async (database) => {
    const keys = new Map<string, string>();
    const wanted = [
      ...images.map(({ namespace, target }) => ({ namespace, name: chainOfTarget(manifests, target) })),
      ...containers.map(({ namespace, snapshot }) => ({ namespace, name: snapshot })),
    ];
    for (const { namespace, name } of wanted) {
      const id = snapshotId(namespace, name);
      if (name === '' || keys.has(id)) continue;
      const key = await snapshotKeyOf(database, namespace, name);
      if (key !== undefined) keys.set(id, key);
    }
    return keys;
  });
  if (!named.ok) return named;
  const chains = await readSnapshots(root, [...new Set(named.value.values())]);
  // Another snapshotter than overlayfs, or nothing unpacked yet: sizes are those of the archives then.
  if (!chains.ok) return chains.error.code === 'not-found' ? ok(new Map()) : chains;
  return ok(
    new Map(
      [...named.value].flatMap(([id, key]) => {
        const chain = chains.value.get(key);
        return chain === undefined ? [] : [[id, chain] as const];
      }),
    ),
  );
};

const chainOfTarget = (manifests: ReadonlyMap<string, PlatformImage>, target: string): string => {
  const found = manifests.get(target);
  return (found === undefined ? undefined : chainOf(found.image)) ?? '';
};

const contentsOf = (
  notes: Notes,
  manifests: ReadonlyMap<string, PlatformImage>,
  snapshots: ReadonlyMap<string, SnapshotChain>,
  problems: readonly Problem[],
): StoreContents => {
  const byDigest = Map.groupBy(
    notes.images.filter(({ target }) => manifests.has(target)),
    ({ target }) => manifests.get(target)?.image.configDigest ?? '',
  );
  const images = [...byDigest].flatMap(([, names]): StoredImage[] => imageOf(names, manifests, snapshots) ?? []);
  const tooMany = notes.images.length >= maxListed || notes.containers.length >= maxListed;
  return {
    engine: 'containerd',
    images,
    containers: notes.containers.map((container) => containerOf(container, notes.images, manifests, images, snapshots)),
    problems: tooMany
      ? [problem('too-many', `It has more than ${maxListed} images or containers; the rest is not seen.`), ...problems]
      : problems,
  };
};

const imageOf = (
  names: readonly NotedImage[],
  manifests: ReadonlyMap<string, PlatformImage>,
  snapshots: ReadonlyMap<string, SnapshotChain>,
): StoredImage[] | undefined => {
  const image = manifests.get(names[0]?.target ?? '')?.image;
  if (image === undefined) return undefined;
  const { tags, repoDigests } = sortNames([...new Set(names.map(({ name }) => name))]);
  const tagged = names.filter(({ name }) => tags.includes(name)).map(({ name, target }) => withDigest(name, target));
  const chain = names
    .map(({ namespace, target }) => snapshots.get(snapshotId(namespace, chainOfTarget(manifests, target))))
    .find((found) => found !== undefined);
  const stored = names.flatMap(({ storedAt }) => storedAt ?? []);
  return [
    {
      configDigest: image.configDigest,
      tags,
      repoDigests: [...new Set([...repoDigests, ...tagged])],
      sizeBytes: chain?.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0) ?? image.layerBytes ?? 0,
      ...(image.createdAt === undefined ? {} : { createdAt: image.createdAt }),
      ...(stored.length === 0 ? {} : { storedAt: Math.min(...stored) }),
      architecture: image.platform.split('/')[1] ?? '',
      labels: image.labels,
    },
  ];
};

const containerOf = (
  { namespace, id, imageName, snapshot, labels }: NotedContainer,
  all: readonly NotedImage[],
  manifests: ReadonlyMap<string, PlatformImage>,
  images: readonly StoredImage[],
  snapshots: ReadonlyMap<string, SnapshotChain>,
): StoredContainer => {
  const target = all.find((one) => one.namespace === namespace && one.name === imageName)?.target;
  const configDigest = target === undefined ? undefined : manifests.get(target)?.image.configDigest;
  const image = images.find((one) => one.configDigest === configDigest);
  const text = Object.fromEntries([...labels].map(([name, value]) => [name, value.toString('utf8')]));
  const upperDir = snapshots.get(snapshotId(namespace, snapshot))?.[0]?.folder;
  return {
    id,
    name: nameOf(text),
    // Kubernetes may have started it by the digest, which tells a person nothing.
    imageName: isDigest(imageName) ? (image?.tags[0] ?? image?.repoDigests[0] ?? imageName) : imageName,
    ...(configDigest === undefined ? {} : { configDigest }),
    labels: text,
    ...(upperDir === undefined ? {} : { upperDir }),
  };
};

/** As Kubernetes and nerdctl note it. */
const nameOf = (labels: Readonly<Record<string, string>>): string => {
  const pod = labels['io.kubernetes.pod.name'];
  if (pod === undefined) return labels['nerdctl/name'] ?? '';
  return `${pod}/${labels['io.kubernetes.container.name'] ?? 'sandbox'}`;
};
