import { mkdir, mkdtemp, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, parseJson, readFileBounded, writeFileDurably } from '@parapet/core';
import { z } from 'zod';
import type { SourceFile } from '../database/build.ts';

/** What is remembered of a publisher's file: where it came from, and how to ask whether it changed. */
const StoredSource = z.object({
  id: z.string().max(256),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  sizeBytes: z.number().int().nonnegative(),
  etag: z.string().max(1024).exactOptional(),
  lastModified: z.string().max(128).exactOptional(),
  /** The address it was fetched from; an ETag means nothing elsewhere. */
  url: z.string().max(2048).exactOptional(),
  dataAt: z.string().max(64).exactOptional(),
  fetchedAt: z.string().max(64).exactOptional(),
  licence: z.string().max(4096).exactOptional(),
});
export type StoredSource = z.infer<typeof StoredSource>;

const State = z.object({ format: z.literal('parapet-feed-sources/1'), sources: z.array(StoredSource).max(1000) });

/**
 * The publishers' files as they were last taken, by content. They are kept so that a source that did not change or cannot be
 * reached stays in the next database, whether it came from a publisher or in a bundle.
 */
export type SourceStore = {
  readonly list: () => Promise<readonly StoredSource[]>;
  readonly fileOf: (source: StoredSource) => SourceFile;
  /** A private folder on the same file system, removed by its disposer. */
  readonly stage: () => Promise<AsyncDisposable & { readonly folder: string }>;
  /** Moves staged files in and forgets what no entry names. After a crash either the old or the new list holds. */
  readonly replace: (sources: readonly StoredSource[], staged: ReadonlyMap<string, string>) => Promise<void>;
};

const maxStateBytes = 1024 * 1024;
const stagingPrefix = 'staging-';
/** No import takes so long: what is older was left by one that was killed. */
const staleAfterMs = 24 * 60 * 60 * 1000;

export const createSourceStore = (databaseDir: string): SourceStore => {
  const folder = join(databaseDir, 'sources');
  const statePath = join(folder, 'state.json');
  const contentPath = (sha256: string): string => join(folder, sha256);

  const list = async (): Promise<readonly StoredSource[]> => {
    const content = await readFileBounded(statePath, maxStateBytes);
    if (!content.ok) return [];
    const state = parseJson(content.value.toString('utf8'), State);
    if (!state.ok) return [];
    const present = await Promise.all(
      state.value.sources.map(async (source) =>
        (await sizeOf(contentPath(source.sha256))) === source.sizeBytes ? [source] : [],
      ),
    );
    return present.flat();
  };

  return {
    list,
    fileOf: (source) => ({ ...source, path: contentPath(source.sha256) }),
    stage: async () => {
      await mkdir(folder, { recursive: true, mode: 0o700 });
      await removeStale(databaseDir, (name) => name.startsWith('.building-'));
      await removeStale(folder, (name) => name.startsWith(stagingPrefix));
      const staging = await mkdtemp(join(folder, stagingPrefix));
      return { folder: staging, [Symbol.asyncDispose]: () => rm(staging, { recursive: true, force: true }) };
    },
    replace: async (sources, staged) => {
      const before = await list();
      await mkdir(folder, { recursive: true, mode: 0o700 });
      // The state below is durable, so what it names has to be.
      for (const [, path] of staged) await syncFile(path);
      for (const [sha256, path] of staged) await rename(path, contentPath(sha256));
      await syncFile(folder);
      await writeFileDurably(statePath, JSON.stringify({ format: 'parapet-feed-sources/1', sources }));
      const kept = new Set(sources.map(({ sha256 }) => sha256));
      for (const { sha256 } of before) if (!kept.has(sha256)) await rm(contentPath(sha256), { force: true });
    },
  };
};

const syncFile = async (path: string): Promise<void> => {
  await using handle = await open(path, 'r');
  await handle.sync();
};

const removeStale = async (folder: string, isOurs: (name: string) => boolean): Promise<void> => {
  for (const name of (await readdir(folder)).filter(isOurs)) {
    const path = join(folder, name);
    const { mtimeMs } = await stat(path);
    if (mtimeMs < Date.now() - staleAfterMs) await rm(path, { recursive: true, force: true });
  }
};

const sizeOf = async (path: string): Promise<number | undefined> => {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new Error(`The feed folder cannot be read: ${messageOf(error)}`, { cause: error });
  }
};
