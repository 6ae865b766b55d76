import { fail, messageOf, type Problem, problem, type Result } from '@parapet/core';
import type { FeedProgress, ImportedFeed } from '../model.ts';
import { createSourceStore } from '../store/source-store.ts';
import { buildDatabase } from './build.ts';

export type RebuildOptions = {
  readonly databaseDir: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FeedProgress) => void;
};

/**
 * Builds the database anew from the publishers' files that are kept, e.g. when a new Parapet has another layout. Nothing is
 * fetched. Fails with `empty-feed` where nothing was ever imported.
 */
export const rebuildDatabase = async (options: RebuildOptions): Promise<Result<ImportedFeed, Problem>> => {
  const signal = options.signal ?? new AbortController().signal;
  try {
    const store = createSourceStore(options.databaseDir);
    const sources = await store.list();
    if (sources.length === 0) return fail(problem('empty-feed', 'No feeds were imported yet.'));
    return await buildDatabase({
      files: sources.map(store.fileOf),
      databaseDir: options.databaseDir,
      origin: sources.some(({ url }) => url !== undefined) ? 'publishers' : 'bundle',
      onBroken: () => 'leave-out',
      signal,
      onProgress: options.onProgress ?? (() => {}),
    });
  } catch (error) {
    signal.throwIfAborted();
    return fail(problem('rebuild-failed', `The database could not be built anew: ${messageOf(error)}`));
  }
};
