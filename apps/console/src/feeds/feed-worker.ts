import { fetchFeeds, type ImportedFeed, importBundle, rebuildDatabase, type SourceOutcome } from '@parapet/advisories';
import { messageOf, type Problem } from '@parapet/core';
import { type BuiltFeed, FeedJob, type FeedWorkerMessage } from './feed-job.ts';

/** Runs one job that its parent sends, tells progress and the outcome, and ends. */
const run = async (job: FeedJob): Promise<FeedWorkerMessage> => {
  if (job.kind === 'import') {
    const imported = await importBundle(job.path, { databaseDir: job.databaseDir, onProgress: tell });
    return imported.ok ? { kind: 'built', feed: builtOf(imported.value, []) } : failedBy(imported.error);
  }
  if (job.kind === 'rebuild') {
    const rebuilt = await rebuildDatabase({ databaseDir: job.databaseDir, onProgress: tell });
    return rebuilt.ok ? { kind: 'built', feed: builtOf(rebuilt.value, []) } : failedBy(rebuilt.error);
  }
  const fetched = await fetchFeeds({
    databaseDir: job.databaseDir,
    baseUrls: withoutUndefined(job.baseUrls),
    ...(job.ecosystems === undefined ? {} : { ecosystems: job.ecosystems }),
    ...(job.proxy === undefined ? {} : { proxy: job.proxy }),
    limits: patience,
    onProgress: tell,
  });
  return fetched.ok
    ? { kind: 'built', feed: builtOf(fetched.value.feed, fetched.value.outcomes) }
    : failedBy(fetched.error);
};

/** A machine without a way to the publishers learns it within half a minute; what fails for once comes with the next update. */
const patience = { attempts: 3, retryDelayMs: 500 } as const;

const failedBy = (problem: Problem): FeedWorkerMessage => ({ kind: 'failed', problem });

const tell = (progress: { readonly step: string; readonly progress: number }): void => {
  process.send?.({ kind: 'progress', ...progress } satisfies FeedWorkerMessage);
};

/** Sources that were kept or are missing say why; missing ones are listed too. */
const builtOf = (feed: ImportedFeed, outcomes: readonly SourceOutcome[]): BuiltFeed => {
  const errors = new Map(outcomes.map((outcome) => [outcome.id, outcome.problem?.message]));
  const missing = outcomes.filter((outcome) => !feed.sources.some((source) => source.id === outcome.id));
  return {
    version: feed.version,
    path: feed.path,
    sizeBytes: feed.sizeBytes,
    origin: feed.origin,
    advisories: feed.counts.advisories,
    sources: [
      ...feed.sources.map(({ id, name, records, dataAt, fetchedAt, licence }) => ({
        ...{ id, name, records, dataAt, fetchedAt, licence },
        lastError: errors.get(id),
      })),
      ...missing.map(({ id, name }) => ({ id, name, records: 0, lastError: errors.get(id) })),
    ],
  };
};

const withoutUndefined = (urls: { osv?: string | undefined; kev?: string | undefined; epss?: string | undefined }) => ({
  ...(urls.osv === undefined ? {} : { osv: urls.osv }),
  ...(urls.kev === undefined ? {} : { kev: urls.kev }),
  ...(urls.epss === undefined ? {} : { epss: urls.epss }),
});

// The parent's end ends this too: nobody would take the result.
process.once('disconnect', () => process.exit(1));
process.once('message', (message: unknown) => {
  run(FeedJob.parse(message))
    .catch((error: unknown) => failedBy({ code: 'feed-worker', message: messageOf(error) }))
    .then((outcome) => process.send?.(outcome, undefined, undefined, () => process.exit(0)));
});
