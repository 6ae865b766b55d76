import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, messageOf, ok, type Problem, problem, type Result } from '@parapet/core';
import { buildDatabase } from '../database/build.ts';
import type { FeedProgress, ImportedFeed } from '../model.ts';
import { sourceOf } from '../sources/registry.ts';
import type { FeedSource } from '../sources/source.ts';
import { createSourceStore, type SourceStore, type StoredSource } from '../store/source-store.ts';
import { type DownloadLimits, defaultLimits, download, type FeedFetch } from './download.ts';
import { createGuardedFetch, type FeedProxy } from './guarded-fetch.ts';

/** Where the publishers have their data. */
export const publisherUrls = {
  osv: 'https://osv-vulnerabilities.storage.googleapis.com',
  kev: 'https://www.cisa.gov/sites/default/files/feeds',
  epss: 'https://epss.empiricalsecurity.com',
} as const;

/** The ecosystems whose packages are found. */
export const defaultEcosystems: readonly string[] = [
  'Debian',
  'Ubuntu',
  'Alpine',
  'Wolfi',
  'Chainguard',
  'AlmaLinux',
  'Rocky Linux',
  'Red Hat',
  'SUSE',
  'openSUSE',
  'Azure Linux',
  'Photon OS',
  'Mageia',
  'openEuler',
  'npm',
  'PyPI',
  'Maven',
  'Go',
  'crates.io',
  'RubyGems',
  'NuGet',
  'Packagist',
  'Hex',
  'Pub',
  'CRAN',
  'Hackage',
  'SwiftURL',
  'ConanCenter',
  'GitHub Actions',
  'Bitnami',
];

export type FetchFeedsOptions = {
  readonly databaseDir: string;
  readonly baseUrls?: Partial<Record<keyof typeof publisherUrls, string>>;
  /** OSV ecosystems, e.g. `Debian`. */
  readonly ecosystems?: readonly string[];
  /** A proxy for all requests but those to hosts that are excepted. */
  readonly proxy?: FeedProxy;
  /** In place of the built-in one, e.g. one that guards addresses. `proxy` is then its business. */
  readonly fetch?: FeedFetch;
  readonly limits?: Partial<DownloadLimits>;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: FeedProgress) => void;
};

/** What became of one source: fetched anew, unchanged, failed with older data kept, or failed with none. */
export type SourceOutcome = {
  readonly id: string;
  readonly name: string;
  readonly state: 'new' | 'unchanged' | 'kept' | 'missing';
  readonly problem?: Problem;
};

export type FetchedFeeds = { readonly feed: ImportedFeed; readonly outcomes: readonly SourceOutcome[] };

/**
 * Fetches from the publishers what has changed and builds the database of all sources. A source that cannot be fetched or is
 * broken keeps its older data and says so in its outcome; fails only when there is no data at all, or no database can be built.
 */
export const fetchFeeds = async (options: FetchFeedsOptions): Promise<Result<FetchedFeeds, Problem>> => {
  const signal = options.signal ?? new AbortController().signal;
  try {
    await mkdir(options.databaseDir, { recursive: true, mode: 0o700 });
    const store = createSourceStore(options.databaseDir);
    await using staging = await store.stage();
    const before = await store.list();
    const taken = await takeAll(options, before, staging.folder, signal);
    return await build(options, store, before, taken, signal);
  } catch (error) {
    signal.throwIfAborted();
    return fail(problem('fetch-failed', `The feeds could not be fetched: ${messageOf(error)}`));
  }
};

/** A source after the download. */
type Taken = {
  readonly id: string;
  readonly state: SourceOutcome['state'];
  readonly problem?: Problem;
  readonly stored?: StoredSource;
  /** Where a new file lies. */
  readonly path?: string;
};

const takeAll = async (
  options: FetchFeedsOptions,
  before: readonly StoredSource[],
  folder: string,
  signal: AbortSignal,
): Promise<readonly Taken[]> => {
  const fetch = options.fetch ?? createGuardedFetch({ proxy: options.proxy, trustedHosts: hostsOf(options.baseUrls) });
  const limits = { ...defaultLimits, ...options.limits };
  const ids = ['kev', 'epss', ...(options.ecosystems ?? defaultEcosystems).map((name) => `osv/${name}`)];
  const taken: Taken[] = [];
  for (const [index, id] of ids.entries()) {
    const source = sourceOf(id);
    if (source === undefined) continue;
    options.onProgress?.({ step: `Fetching ${source.titleOf(id)}`, progress: (0.5 * index) / ids.length });
    const url = source.urlOf(id, baseUrlOf(source, options.baseUrls));
    const old = before.find((stored) => stored.id === id);
    const request = {
      url,
      path: join(folder, String(index)),
      maxBytes: source.maxBytes,
      validators: old?.url === url ? validatorsOf(old) : {},
    };
    const outcome = await download(fetch, request, limits, signal);
    taken.push(takenOf(id, url, old, outcome, request.path));
  }
  return taken;
};

const baseUrlOf = (source: FeedSource, baseUrls: FetchFeedsOptions['baseUrls']): string => {
  const name = source.name === 'kev' || source.name === 'epss' ? source.name : 'osv';
  return (baseUrls?.[name] ?? publisherUrls[name]).replace(/\/+$/, '');
};

const validatorsOf = ({ etag, lastModified }: StoredSource): { etag?: string; lastModified?: string } => ({
  ...(etag === undefined ? {} : { etag }),
  ...(lastModified === undefined ? {} : { lastModified }),
});

const takenOf = (
  id: string,
  url: string,
  old: StoredSource | undefined,
  outcome: Awaited<ReturnType<typeof download>>,
  path: string,
): Taken => {
  const stored = old === undefined ? {} : { stored: old };
  if (!outcome.ok) return { id, state: old === undefined ? 'missing' : 'kept', problem: outcome.error, ...stored };
  if (outcome.value.kind === 'unchanged') {
    if (old !== undefined) return { id, state: 'unchanged', stored: { ...old, fetchedAt: new Date().toISOString() } };
    return {
      id,
      state: 'missing',
      problem: problem('http-status', 'The server says unchanged, but there is no older file.', url),
    };
  }
  const { kind: _kind, ...file } = outcome.value;
  return { id, state: 'new', path, stored: { id, url, fetchedAt: new Date().toISOString(), ...file } };
};

const build = async (
  options: FetchFeedsOptions,
  store: SourceStore,
  before: readonly StoredSource[],
  taken: readonly Taken[],
  signal: AbortSignal,
): Promise<Result<FetchedFeeds, Problem>> => {
  const asked = new Set(taken.map(({ id }) => id));
  const current = new Map<string, Taken>(
    [
      ...before
        .filter(({ id }) => !asked.has(id))
        .map((stored): Taken => ({ id: stored.id, state: 'unchanged', stored })),
      ...taken,
    ].map((source) => [source.id, source]),
  );
  const sources = [...current.values()];
  if (sources.every(({ stored }) => stored === undefined)) {
    const [first] = taken.flatMap((source) => source.problem ?? []);
    return fail(first ?? problem('empty-feed', 'No source is configured.'));
  }
  const built = await buildDatabase({
    files: sources.flatMap(({ stored, path }) => {
      if (stored === undefined) return [];
      return [path === undefined ? store.fileOf(stored) : { ...stored, path }];
    }),
    databaseDir: options.databaseDir,
    origin: 'publishers',
    onBroken: (file, why) => {
      const old = before.find(({ id, sha256 }) => id === file.id && sha256 !== file.sha256);
      current.set(file.id, {
        id: file.id,
        state: old === undefined ? 'missing' : 'kept',
        problem: why,
        ...(old && { stored: old }),
      });
      return old === undefined ? 'leave-out' : store.fileOf(old);
    },
    signal,
    onProgress: ({ step, progress }) => options.onProgress?.({ step, progress: 0.5 + progress / 2 }),
  });
  if (!built.ok) return built;
  const used = [...current.values()];
  await store.replace(
    used.flatMap(({ stored }) => stored ?? []),
    new Map(
      used.flatMap(({ stored, path }) => (stored === undefined || path === undefined ? [] : [[stored.sha256, path]])),
    ),
  );
  options.onProgress?.({ step: 'Done', progress: 1 });
  return ok({
    feed: built.value,
    outcomes: taken.map(({ id }) => outcomeOf(current.get(id) ?? { id, state: 'missing' })),
  });
};

const outcomeOf = ({ id, state, problem: why }: Taken): SourceOutcome => ({
  id,
  name: sourceOf(id)?.titleOf(id) ?? id,
  state,
  ...(why === undefined ? {} : { problem: why }),
});

/** What the operator named, as opposed to where a publisher sends us. */
const hostsOf = (baseUrls: FetchFeedsOptions['baseUrls']): ReadonlySet<string> =>
  new Set(Object.values(baseUrls ?? {}).map((url) => new URL(url).host));
