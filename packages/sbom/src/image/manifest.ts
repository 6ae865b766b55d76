import { createHash } from 'node:crypto';
import { fail, ok, type Problem, parseJson, problem, type Result } from '@parapet/core';
import type { z } from 'zod';
import type { BlobStore } from './archive-index.ts';
import { type Descriptor, DockerManifest, ImageConfig, OciIndex, OciManifest } from './schema.ts';

/** What an image archive says about the image in it. */
export type ImageInfo = {
  /** `sha256:…` of the configuration: the image's identity. */
  readonly configDigest: string;
  readonly tags: readonly string[];
  /** E.g. `linux/amd64`. */
  readonly platform: string;
  /** The lowest first. */
  readonly layers: readonly { readonly blob: string; readonly diffId: string | undefined }[];
  /** Of the layers as they are stored, where the manifest says so for each. */
  readonly layerBytes?: number;
  /** When it was made, in milliseconds since the Unix epoch. */
  readonly createdAt?: number;
  readonly labels: Readonly<Record<string, string>>;
};

export type ImageChoice = {
  /** E.g. `linux/arm64`; the first image of an index when absent, `linux/amd64` preferred. */
  readonly platform?: string;
};

const maxJsonBytes = 4 * 1024 * 1024;
/** An index may lead to an index, which leads to a manifest. */
const maxIndexDepth = 3;

/** Finds the image of an archive: by `docker save`'s manifest, or by the index of an OCI layout. */
export const readImageInfo = async (store: BlobStore, choice: ImageChoice): Promise<Result<ImageInfo, Problem>> => {
  const docker = await readJson(store, 'manifest.json', DockerManifest);
  if (docker.ok) return fromDocker(store, docker.value);
  const index = await readJson(store, 'index.json', OciIndex);
  if (index.ok) return fromIndex(store, index.value.manifests, choice, 0, []);
  return fail(
    problem('no-image', 'The archive has neither a manifest.json (docker save) nor an index.json (OCI layout).'),
  );
};

const readJson = async <S extends z.ZodType>(
  store: BlobStore,
  name: string,
  schema: S,
): Promise<Result<z.output<S>, Problem>> => {
  const content = await store.read(name, maxJsonBytes);
  if (!content.ok) return content;
  const parsed = parseJson(content.value.toString('utf8'), schema);
  return parsed.ok ? parsed : fail(problem(parsed.error.code, parsed.error.message, name));
};

const fromDocker = async (
  store: BlobStore,
  [image]: z.infer<typeof DockerManifest>,
): Promise<Result<ImageInfo, Problem>> => {
  if (image === undefined) return fail(problem('no-image', 'The archive lists no image.'));
  return withConfig(store, image.Config, undefined, image.RepoTags ?? [], image.Layers);
};

const fromIndex = async (
  store: BlobStore,
  manifests: readonly Descriptor[],
  choice: ImageChoice,
  depth: number,
  tags: readonly string[],
): Promise<Result<ImageInfo, Problem>> => {
  const chosen = choose(manifests, choice);
  if (chosen === undefined) {
    return fail(problem('no-platform', `The image is not there for ${choice.platform ?? 'any platform'}.`));
  }
  const named = [...tags, ...namesOf(chosen)];
  const blob = blobOf(chosen.digest);
  const manifest = await readJson(store, blob, OciManifest);
  if (manifest.ok) {
    const { config, layers } = manifest.value;
    const read = await withConfig(
      store,
      blobOf(config.digest),
      config.digest,
      named,
      layers.map(({ digest }) => blobOf(digest)),
    );
    const sizes = layers.flatMap(({ size }) => (size === undefined ? [] : [size]));
    if (!read.ok || sizes.length < layers.length) return read;
    return ok({ ...read.value, layerBytes: sizes.reduce((sum, size) => sum + size, 0) });
  }
  const nested = depth < maxIndexDepth ? await readJson(store, blob, OciIndex) : manifest;
  return nested.ok && 'manifests' in nested.value
    ? fromIndex(store, nested.value.manifests, choice, depth + 1, named)
    : fail(manifest.error);
};

/** Attestations are listed like images, for the platform `unknown/unknown`. */
const choose = (manifests: readonly Descriptor[], choice: ImageChoice): Descriptor | undefined => {
  const images = manifests.filter(({ platform }) => platform?.os !== 'unknown');
  const matches =
    (wanted: string) =>
    (descriptor: Descriptor): boolean =>
      platformText(descriptor.platform) === wanted;
  if (choice.platform === undefined) return images.find(matches('linux/amd64')) ?? images[0];
  return images.find(matches(choice.platform)) ?? images.find(({ platform }) => platform === undefined);
};

const platformText = (
  platform: { os?: string | undefined; architecture?: string | undefined; variant?: string | undefined } | undefined,
): string =>
  [platform?.os ?? 'linux', platform?.architecture ?? 'unknown', platform?.variant].filter(Boolean).join('/');

const namesOf = ({ annotations }: Descriptor): string[] =>
  ['io.containerd.image.name', 'org.opencontainers.image.ref.name']
    .flatMap((key) => annotations?.[key] ?? [])
    .slice(0, 1);

const blobOf = (digest: string): string => `blobs/${digest.replace(':', '/')}`;

const withConfig = async (
  store: BlobStore,
  configBlob: string,
  statedDigest: string | undefined,
  tags: readonly string[],
  layers: readonly string[],
): Promise<Result<ImageInfo, Problem>> => {
  const content = await store.read(configBlob, maxJsonBytes);
  if (!content.ok) return content;
  const configDigest = `sha256:${createHash('sha256').update(content.value).digest('hex')}`;
  if (statedDigest?.startsWith('sha256:') === true && statedDigest !== configDigest) {
    return fail(problem('digest-mismatch', "The image's configuration does not have its stated digest.", configBlob));
  }
  const config = parseJson(content.value.toString('utf8'), ImageConfig);
  if (!config.ok) return fail(problem('bad-config', `The image's configuration: ${config.error.message}`, configBlob));
  const diffIds = config.value.rootfs?.diff_ids ?? [];
  const createdAt = Date.parse(config.value.created ?? '');
  return ok({
    configDigest,
    tags,
    platform: platformText(config.value),
    layers: layers.map((blob, index) => ({ blob, diffId: diffIds[index] })),
    // Builds that can be repeated say the year 1 or 1970.
    ...(createdAt > 0 ? { createdAt } : {}),
    labels: config.value.config?.Labels ?? {},
  });
};
