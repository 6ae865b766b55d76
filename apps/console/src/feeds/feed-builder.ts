import { fail, ok, type Problem, type Result } from '@parapet/core';
import { runOnce } from '../workers/run-once.ts';
import { type BuiltFeed, type FeedJob, FeedWorkerMessage } from './feed-job.ts';

export type FeedBuilder = (
  job: FeedJob,
  options: { readonly onProgress: (step: string, progress: number) => void; readonly signal: AbortSignal },
) => Promise<Result<BuiltFeed, Problem>>;

const timeoutMs = 30 * 60_000;
/** What reaching the publishers may need. */
const passes = /^(PATH|TMPDIR|NODE_EXTRA_CA_CERTS|SSL_CERT_(FILE|DIR))$/;

/** Builds advisory databases in a child process, one job each. */
export const buildFeed: FeedBuilder = (job, { onProgress, signal }) =>
  runOnce<BuiltFeed>({
    ...{ beside: import.meta.url, name: 'feed-worker', heapMegabytes: 1024, passes },
    ...{ job, what: 'Reading the feeds', timeoutMs, signal },
    onMessage: (raw) => {
      const message = FeedWorkerMessage.safeParse(raw);
      if (!message.success) return undefined;
      const { data } = message;
      switch (data.kind) {
        case 'progress':
          onProgress(data.step, data.progress);
          return undefined;
        case 'built':
          return ok(data.feed);
        case 'failed':
          return fail(data.problem);
      }
    },
  });
