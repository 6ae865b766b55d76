import type { Problem, Result } from '@parapet/core';
import type { FileSystem } from '../file-system/file-system.ts';
import type { StoreSetting } from './configured-root.ts';

/** An image of this machine that was opened where its engine keeps it. */
export type LocalImage = {
  readonly fileSystem: FileSystem;
  /** What could not be read; to be passed to `createSbom`. */
  readonly problems: readonly Problem[];
  /** For people: whose store it is, e.g. `containerd (k8s.io)`. */
  readonly store: string;
  /** `sha256:…` of its configuration. */
  readonly configDigest: string;
};

export type LocalImageOptions = {
  /** E.g. `linux/arm64`; this machine's when absent. */
  readonly platform?: string;
  readonly signal?: AbortSignal;
  /** Whether a folder of a layer hides the folders of the same name below it; see `openLayers`. */
  readonly isOpaque?: (path: string) => Promise<boolean>;
  /** Where to look instead of the usual places. */
  readonly roots?: readonly string[];
};

/** Opens an image that one kind of engine keeps. Fails with `no-image` where it has none of that name. */
export type LocalImageStore = {
  readonly name: string;
  readonly roots: readonly string[];
  /** Where it may be told to keep its files elsewhere. */
  readonly setting: StoreSetting;
  readonly open: (root: string, name: string, options: LocalImageOptions) => Promise<Result<LocalImage, Problem>>;
};
