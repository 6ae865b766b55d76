import type { Readable } from 'node:stream';
import { messageOf, ok, type Problem, problem, type Result } from '@parapet/core';
import { chooseInStream, isWantedLink } from '../extractors/registry.ts';
import type { FileSystem } from '../file-system/file-system.ts';
import { createMemoryFileSystem } from '../file-system/memory.ts';
import { type BlobStore, openBlobStore } from './archive-index.ts';
import { type ImageChoice, type ImageInfo, readImageInfo } from './manifest.ts';
import { createLayerMerger, defaultMergeLimits, type LayerMerger, type MergeLimits } from './merge-layers.ts';

export type OpenImageOptions = ImageChoice & {
  readonly limits?: Partial<MergeLimits>;
  readonly signal?: AbortSignal;
};

export type OpenedImage = {
  /** Only the files that an SBOM needs, as the image's layers leave them. */
  readonly fileSystem: FileSystem;
  readonly image: ImageInfo;
  /** What could not be read; to be passed to `createSbom`. */
  readonly problems: readonly Problem[];
};

/**
 * Opens an image as `docker save` or an OCI layout has it: a tar archive, or the folder it was unpacked to. Layers are streamed
 * once, nothing is unpacked to disk, and memory stays bounded whatever the image holds.
 */
export const openImageArchive = async (
  path: string,
  options: OpenImageOptions = {},
): Promise<Result<OpenedImage, Problem>> => {
  const opened = await openBlobStore(path);
  if (!opened.ok) return opened;
  await using store = opened.value;
  return await openImageOf(store, path, options);
};

/** Opens the image of a store of blobs, wherever they lie. */
export const openImageOf = async (
  store: BlobStore,
  name: string,
  options: OpenImageOptions = {},
): Promise<Result<OpenedImage, Problem>> => {
  const signal = options.signal ?? new AbortController().signal;
  const info = await readImageInfo(store, options);
  if (!info.ok) return info;
  const merger = createMerger(options);
  const missing: Problem[] = [];
  for (const layerName of info.value.layers) {
    const { blob } = layerName;
    signal.throwIfAborted();
    try {
      const layer = await store.stream(blob);
      if (layer === undefined)
        missing.push(problem('missing-blob', 'A layer of the image is not in the archive.', blob));
      else await merger.add(layer, layerName, signal);
    } catch (error) {
      signal.throwIfAborted();
      missing.push(problem('broken-layer', `A layer could not be read: ${messageOf(error)}`, blob));
    }
  }
  return ok({
    fileSystem: createMemoryFileSystem(merger.nodes, name),
    image: info.value,
    problems: [...missing, ...merger.problems],
  });
};

/** Opens the root of a file system as one tar stream has it, plain, gzip or zstd: `docker export`, an archive of a root. */
export const openRootStream = async (
  stream: Readable,
  name: string,
  options: Omit<OpenImageOptions, 'platform'> = {},
): Promise<Omit<OpenedImage, 'image'>> => {
  const merger = createMerger(options);
  await merger.add(stream, { blob: name, diffId: undefined }, options.signal ?? new AbortController().signal);
  return { fileSystem: createMemoryFileSystem(merger.nodes, name), problems: merger.problems };
};

const createMerger = ({ limits }: OpenImageOptions): LayerMerger =>
  createLayerMerger({ file: chooseInStream, link: isWantedLink }, { ...defaultMergeLimits, ...limits });
