import { fail, type Problem, problem, type Result } from '@parapet/core';
import { configuredRoot } from './configured-root.ts';
import { containerdStore } from './containerd.ts';
import { containersStorage } from './containers-storage.ts';
import type { LocalImage, LocalImageOptions } from './local-image.ts';

const stores = [containerdStore, containersStorage];

/**
 * Opens an image that containerd or Podman keep on this machine, without asking either: their files are read as they lie. Fails
 * with `no-image` where no store has one of this name, and with the reason where a store could not be read. The digest of an
 * image's configuration is a name as well.
 */
export const openLocalImage = async (
  name: string,
  options: LocalImageOptions = {},
): Promise<Result<LocalImage, Problem>> => {
  let reason: Problem | undefined;
  for (const store of stores) {
    const elsewhere = options.roots === undefined ? await configuredRoot(store.setting) : undefined;
    const usual = elsewhere === undefined ? store.roots : [elsewhere, ...store.roots];
    for (const root of options.roots ?? usual) {
      const opened = await store.open(root, name, options);
      if (opened.ok) return opened;
      if (opened.error.code !== 'no-image' && opened.error.code !== 'not-found') reason ??= opened.error;
    }
  }
  return fail(reason ?? problem('no-image', `Neither containerd nor Podman has an image ${name} on this machine.`));
};
