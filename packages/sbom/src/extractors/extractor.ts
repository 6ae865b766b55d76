import type { Distribution, Package } from '@parapet/contract';
import type { Problem } from '@parapet/core';
import type { FileSystem } from '../file-system/file-system.ts';

export type ExtractContext = {
  readonly fileSystem: FileSystem;
  readonly distribution: Distribution | undefined;
  readonly signal: AbortSignal;
};

/** What an extractor found. Problems do not undo what was found beside them. */
export type Extraction = { readonly packages: readonly Package[]; readonly problems: readonly Problem[] };

/**
 * Finds the packages of one package manager. It declares which files it needs as data, so that a stream (an image archive)
 * can keep just those, and it throws only when the signal aborts.
 */
export type Extractor = {
  /** The folder's name, and the `type` of its packages. */
  readonly name: string;
  /** What it reads, for people. */
  readonly reads: readonly string[];
  /** Whether it may ask for this canonical path. Cheap: it is called for every entry of an image. */
  readonly wanted: (path: string) => boolean;
  readonly extract: (context: ExtractContext) => Promise<Extraction>;
};
