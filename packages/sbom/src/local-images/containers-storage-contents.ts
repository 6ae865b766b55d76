import { join } from 'node:path';
import { fail, ok, type Problem, parseJson, problem, type Result, readFileBounded } from '@parapet/core';
import { z } from 'zod';
import { ImageConfig } from '../image/schema.ts';
import {
  Containers,
  chainOf,
  containersPath,
  driverOf,
  Images,
  imagesPath,
  type Layer,
  Layers,
  type ListedImage,
  layerFolder,
  layersPath,
  readList,
  type StorageDriver,
} from './containers-storage-files.ts';
import {
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

/** Lists the images and containers of Podman, Buildah and CRI-O. */
export const containersStorageReader = (root: string): StoreReader => {
  // What an image's id names cannot change.
  let known = new Map<string, ImageConfig>();
  return {
    root,
    stamp: async () => {
      const driver = (await driverOf(root)) ?? 'overlay';
      return stampOf([imagesPath(root, driver), containersPath(root, driver)]);
    },
    read: async () => {
      const driver = await driverOf(root);
      if (driver === undefined) return fail(problem('not-found', 'There is no store here.', root));
      const listed = await readLists(root, driver);
      if (!listed.ok) return listed;
      const configs = await readConfigs(root, driver, listed.value.images, known);
      known = configs.found;
      return ok(contentsOf(root, driver, listed.value, configs));
    },
  };
};

type Lists = {
  readonly images: readonly ListedImage[];
  readonly layers: ReadonlyMap<string, Layer>;
  readonly containers: z.infer<typeof Containers>;
};

const readLists = async (root: string, driver: StorageDriver): Promise<Result<Lists, Problem>> => {
  const images = await readList(imagesPath(root, driver), Images);
  if (!images.ok) return images;
  const layers = await readList(layersPath(root, driver), Layers);
  if (!layers.ok) return layers;
  // Absent until the first container.
  const containers = await readList(containersPath(root, driver), Containers);
  if (!containers.ok && containers.error.code !== 'not-found') return containers;
  return ok({
    images: images.value.slice(0, maxListed),
    layers: new Map(layers.value.map((layer) => [layer.id, layer])),
    containers: containers.ok ? containers.value.slice(0, maxListed) : [],
  });
};

const maxConfigBytes = 4 * 1024 * 1024;

type Configs = { readonly found: Map<string, ImageConfig>; readonly problems: readonly Problem[] };

const readConfigs = async (
  root: string,
  driver: StorageDriver,
  images: readonly ListedImage[],
  known: ReadonlyMap<string, ImageConfig>,
): Promise<Configs> => {
  const found = new Map<string, ImageConfig>();
  const problems: Problem[] = [];
  for (const image of images) {
    const before = known.get(image.id);
    const config = before === undefined ? await readConfig(root, driver, image) : ok(before);
    if (config.ok) found.set(image.id, config.value);
    else if (problems.length < maxListProblems) problems.push(config.error);
  }
  return { found, problems };
};

/** Kept under its digest, in a file whose name is that in Base64, since it has a colon. */
const readConfig = async (
  root: string,
  driver: StorageDriver,
  image: ListedImage,
): Promise<Result<ImageConfig, Problem>> => {
  const name = `sha256:${image.id}`;
  if (image['big-data-names']?.includes(name) !== true) {
    return fail(problem('no-config', 'The image has no configuration of its id.', image.id));
  }
  const path = join(root, `${driver}-images`, image.id, `=${Buffer.from(name).toString('base64')}`);
  const content = await readFileBounded(path, maxConfigBytes);
  if (!content.ok) return content;
  const config = parseJson(content.value.toString('utf8'), ImageConfig);
  return config.ok ? config : fail(problem('bad-config', config.error.message, path));
};

const contentsOf = (
  root: string,
  driver: StorageDriver,
  { images, layers, containers }: Lists,
  configs: Configs,
): StoreContents => {
  const listed = images.flatMap((image): StoredImage[] => {
    const config = configs.found.get(image.id);
    return config === undefined ? [] : [imageOf(image, config, layers)];
  });
  const byDigest = new Map(listed.map((image) => [image.configDigest, image]));
  const told = containers.map((container) => containerOf(root, driver, container, byDigest));
  const isFull = images.length >= maxListed || containers.length >= maxListed;
  return {
    engine: told.some(({ labels }) => labels['io.kubernetes.pod.name'] !== undefined) ? 'cri-o' : 'podman',
    images: listed,
    containers: told,
    problems: isFull
      ? [problem('too-many', `It has more than ${maxListed} images or containers; the rest is not seen.`)]
      : configs.problems,
  };
};

const imageOf = (image: ListedImage, config: ImageConfig, layers: ReadonlyMap<string, Layer>): StoredImage => {
  const { tags, repoDigests } = sortNames([...new Set(image.names ?? [])]);
  const { digest } = image;
  const tagged = digest === undefined ? [] : tags.map((name) => withDigest(name, digest));
  const sizes = (chainOf(layers, image.layer) ?? []).map((layer) => layer['diff-size'] ?? 0);
  const createdAt = Date.parse(config.created ?? '');
  const storedAt = Date.parse(image.created ?? '');
  return {
    configDigest: `sha256:${image.id}`,
    tags,
    repoDigests: [...new Set([...repoDigests, ...tagged])],
    sizeBytes: Math.trunc(sizes.reduce((sum, size) => sum + size, 0)),
    ...(createdAt > 0 ? { createdAt } : {}),
    ...(storedAt > 0 ? { storedAt } : {}),
    ...(config.architecture === undefined ? {} : { architecture: config.architecture }),
    labels: config.config?.Labels ?? {},
  };
};

/** What the engines note of a container. */
const Metadata = z.object({ 'image-name': z.string(), name: z.string(), 'pod-name': z.string() }).partial();

const containerOf = (
  root: string,
  driver: StorageDriver,
  container: Lists['containers'][number],
  images: ReadonlyMap<string, StoredImage>,
): StoredContainer => {
  const metadata = parseJson(container.metadata ?? '{}', Metadata);
  const noted = metadata.ok ? metadata.value : {};
  const image = images.get(`sha256:${container.image ?? ''}`);
  const layer = container.layer ?? '';
  const pod = noted['pod-name'];
  return {
    id: container.id,
    name: container.names?.[0] ?? noted.name ?? '',
    imageName: noted['image-name'] || (image?.tags[0] ?? image?.repoDigests[0] ?? ''),
    ...(image === undefined ? {} : { configDigest: image.configDigest }),
    labels: pod === undefined || pod === '' ? {} : { 'io.kubernetes.pod.name': pod },
    ...(driver === 'overlay' && /^[0-9a-f]{64}$/.test(layer) ? { upperDir: layerFolder(root, layer) } : {}),
  };
};
