import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, messageOf, type Problem, parseJson, problem, type Result } from '@parapet/core';
import { z } from 'zod';

/*
 * The files of containers/storage, which Podman, Buildah and CRI-O share. They are replaced by renaming, so that what is read is
 * whole; nothing is locked.
 */

const maxJsonBytes = 64 * 1024 * 1024;
const maxLayers = 512;

const identifier = z.string().regex(/^[0-9a-f]{64}$/);
const time = z.string().max(64).optional().catch(undefined);

/** `images.json`, the fields that are used. */
export const Images = z
  .array(
    z.object({
      id: identifier,
      digest: z.string().max(256).optional(),
      names: z.array(z.string()).nullish(),
      layer: identifier.optional(),
      created: time,
      'big-data-names': z.array(z.string().max(1024)).nullish(),
    }),
  )
  .max(100_000);
export type ListedImage = z.infer<typeof Images>[number];

/** `layers.json`. */
export const Layers = z
  .array(
    z.object({
      id: identifier,
      parent: z.string().optional(),
      'diff-digest': z.string().optional(),
      'diff-size': z.number().nonnegative().optional().catch(undefined),
    }),
  )
  .max(500_000);
export type Layer = z.infer<typeof Layers>[number];

/** `containers.json`. `metadata` is a JSON text of the engine's own. */
export const Containers = z
  .array(
    z.object({
      id: identifier,
      names: z.array(z.string()).nullish(),
      image: z.string().max(256).optional(),
      layer: z.string().optional(),
      metadata: z.string().optional(),
    }),
  )
  .max(100_000);

export type StorageDriver = 'overlay' | 'vfs';

export const driverOf = async (root: string): Promise<StorageDriver | undefined> => {
  for (const driver of ['overlay', 'vfs'] as const) {
    const info = await stat(join(root, `${driver}-images`, 'images.json')).catch(() => undefined);
    if (info?.isFile() === true) return driver;
  }
  return undefined;
};

export const imagesPath = (root: string, driver: StorageDriver): string =>
  join(root, `${driver}-images`, 'images.json');
export const layersPath = (root: string, driver: StorageDriver): string =>
  join(root, `${driver}-layers`, 'layers.json');
export const containersPath = (root: string, driver: StorageDriver): string =>
  join(root, `${driver}-containers`, 'containers.json');

/** Where a layer of the overlay driver lies. */
export const layerFolder = (root: string, id: string): string => join(root, 'overlay', id, 'diff');

export const readList = async <S extends z.ZodType>(path: string, schema: S): Promise<Result<z.output<S>, Problem>> => {
  try {
    const { size } = await stat(path);
    if (size > maxJsonBytes) return fail(problem('too-large', `The file is larger than ${maxJsonBytes} bytes.`, path));
    const parsed = parseJson(await readFile(path, 'utf8'), schema);
    return parsed.ok ? parsed : fail(problem('broken-store', parsed.error.message, path));
  } catch (error) {
    const isAbsent = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    return fail(problem(isAbsent ? 'not-found' : 'unreadable', `It could not be read: ${messageOf(error)}`, path));
  }
};

/** A layer with what it lies on, from the uppermost down; `undefined` when one is missing, or they lead in a circle. */
export const chainOf = (byId: ReadonlyMap<string, Layer>, top: string | undefined): readonly Layer[] | undefined => {
  const chain: Layer[] = [];
  for (let at = top ?? ''; at !== ''; ) {
    const layer = byId.get(at);
    if (layer === undefined || chain.length >= maxLayers) return undefined;
    chain.push(layer);
    at = layer.parent ?? '';
  }
  return chain.length === 0 ? undefined : chain;
};
