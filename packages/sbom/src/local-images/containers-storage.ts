import { readFile, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fail, messageOf, ok, type Problem, parseJson, problem, type Result } from '@parapet/core';
import { z } from 'zod';
import { openLayers } from '../file-system/layers.ts';
import { imageNamesOf } from './image-names.ts';
import type { LocalImageStore } from './local-image.ts';

const maxJsonBytes = 64 * 1024 * 1024;
const maxLayers = 512;

const identifier = z.string().regex(/^[0-9a-f]{64}$/);

/** `images.json`, the fields that are used. */
const Images = z
  .array(z.object({ id: identifier, names: z.array(z.string()).nullish(), layer: identifier.optional() }))
  .max(100_000);

/** `layers.json`. */
const Layers = z
  .array(z.object({ id: identifier, parent: z.string().optional(), 'diff-digest': z.string().optional() }))
  .max(500_000);
type Layer = z.infer<typeof Layers>[number];

/** That of the user we are, where it is known: a bare host has no list of users, and Node refuses to guess. */
const ownStore = (): readonly string[] => {
  try {
    return [join(homedir(), '.local/share/containers/storage')];
  } catch {
    return [];
  }
};

/** Images of Podman, Buildah and CRI-O (containers/storage): layers are unpacked folders. Nothing is locked. */
export const containersStorage: LocalImageStore = {
  name: 'Podman',
  roots: ['/var/lib/containers/storage', ...ownStore()],
  open: async (root, name, options) => {
    const driver = await driverOf(root);
    if (driver === undefined) return fail(problem('not-found', 'There is no store here.', root));
    const images = await readList(join(root, `${driver}-images`, 'images.json'), Images);
    if (!images.ok) return images;
    const wanted = new Set(imageNamesOf(name));
    const image = images.value.find(
      ({ id, names }) => names?.some((one) => wanted.has(one)) === true || isIdOf(id, name),
    );
    if (image === undefined) return fail(problem('no-image', 'Podman has no image of this name.', root));
    const layers = await readList(join(root, `${driver}-layers`, 'layers.json'), Layers);
    if (!layers.ok) return layers;
    const chain = chainOf(layers.value, image.layer);
    if (chain === undefined) return fail(problem('missing-blob', 'A layer of the image is not in the store.', root));
    // The folders of `vfs` are whole roots, of which the uppermost is the image.
    const shown = driver === 'vfs' ? chain.slice(0, 1) : chain;
    const opened = await openLayers(
      shown.map(({ id }) => (driver === 'vfs' ? join(root, 'vfs', 'dir', id) : join(root, 'overlay', id, 'diff'))),
      {
        description: name,
        ...(driver === 'vfs' ? {} : { layerDigests: shown.map((layer) => layer['diff-digest']) }),
        ...(options.isOpaque === undefined ? {} : { isOpaque: options.isOpaque }),
      },
    );
    return opened.ok ? ok({ fileSystem: opened.value, problems: [], store: 'Podman' }) : opened;
  },
};

const driverOf = async (root: string): Promise<'overlay' | 'vfs' | undefined> => {
  for (const driver of ['overlay', 'vfs'] as const) {
    const info = await stat(join(root, `${driver}-images`, 'images.json')).catch(() => undefined);
    if (info?.isFile() === true) return driver;
  }
  return undefined;
};

/** People copy the first characters that `podman images` shows. */
const isIdOf = (id: string, name: string): boolean => /^[0-9a-f]{12,64}$/.test(name) && id.startsWith(name);

/** From the uppermost layer down. */
const chainOf = (layers: readonly Layer[], top: string | undefined): readonly Layer[] | undefined => {
  const byId = new Map(layers.map((layer) => [layer.id, layer]));
  const chain: Layer[] = [];
  for (let at = top ?? ''; at !== ''; ) {
    const layer = byId.get(at);
    if (layer === undefined || chain.length >= maxLayers) return undefined;
    chain.push(layer);
    at = layer.parent ?? '';
  }
  return chain.length === 0 ? undefined : chain;
};

/** Podman replaces these files by renaming, so that what is read is whole. */
const readList = async <S extends z.ZodType>(path: string, schema: S): Promise<Result<z.output<S>, Problem>> => {
  try {
    const { size } = await stat(path);
    if (size > maxJsonBytes) return fail(problem('too-large', `The file is larger than ${maxJsonBytes} bytes.`, path));
    const parsed = parseJson(await readFile(path, 'utf8'), schema);
    return parsed.ok ? parsed : fail(problem('broken-store', parsed.error.message, path));
  } catch (error) {
    return fail(problem('unreadable', `It could not be read: ${messageOf(error)}`, path));
  }
};
