import { randomUUID } from 'node:crypto';
import { createWriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FeedStatus } from '@parapet/contract/api';
import { AppError, badRequest, type Clock, conflict, notFound, type Problem } from '@parapet/core';
import type { Database } from '../database/database.ts';
import type { LiveFeed } from '../live/live-feed.ts';
import type { Log } from '../logging/log.ts';
import { requireRoomToWrite, type WriteGate } from '../self-watch/write-gate.ts';
import type { AdvisoryFiles } from './advisory-files.ts';
import type { FeedBuilder } from './feed-builder.ts';
import type { FeedJob } from './feed-job.ts';
import { createFeedProgress } from './feed-progress.ts';
import { readFeedStatus } from './feed-status.ts';
import { activateVersion, reactivateVersion } from './feed-versions.ts';

/** A bundle larger than this is refused; the largest we know has 400 MB. */
export const maxBundleBytes = 2 * 1024 * 1024 * 1024;

export type FeedServiceDeps = {
  readonly db: Database;
  readonly clock: Clock;
  readonly live: LiveFeed;
  readonly log: Log;
  readonly files: AdvisoryFiles;
  readonly gate: WriteGate;
  readonly build: FeedBuilder;
  /** Where advisory databases lie, and where uploads may. */
  readonly databaseDir: string;
  readonly temporaryDir: string;
  /** Mirrors and the proxy, when there are some. */
  readonly publishers: Omit<Extract<FeedJob, { kind: 'fetch' }>, 'kind' | 'databaseDir'>;
  /** Lets stored SBOMs be matched against the new version. */
  readonly rematch: () => Promise<void>;
};

export type FeedService = {
  readonly status: () => Promise<FeedStatus>;
  /** Says that an update was asked for, before whoever does it begins. */
  readonly announce: () => Promise<void>;
  /** Fetches from the publishers. Throws AppError with a sentence for people; what was active stays. */
  readonly update: (signal: AbortSignal) => Promise<void>;
  /**
   * Builds the active version anew where its file is lost or of another layout, from the publishers' files that are kept.
   * Does nothing where it can be used.
   */
  readonly rebuild: (signal: AbortSignal) => Promise<void>;
  /** Whether the active version cannot be used. */
  readonly needsRebuild: () => boolean;
  /** Imports a bundle file. A broken one changes nothing and is named in the AppError. */
  readonly importFile: (path: string) => Promise<FeedStatus>;
  /** The same from an upload, spooled to a file first. */
  readonly importStream: (stream: Readable) => Promise<FeedStatus>;
  readonly rollback: (version: string) => Promise<FeedStatus>;
  /** Opens the active version and tells of an update that a crash interrupted. */
  readonly start: () => Promise<void>;
};

export const createFeedService = (deps: FeedServiceDeps): FeedService => {
  const { db, clock, files, log } = deps;
  const progress = createFeedProgress(deps);
  let busy = false;

  /** One at a time: two would build the same sources twice and race for the last word. */
  const alone = async <T>(work: () => Promise<T>): Promise<T> => {
    if (busy) throw conflict('feeds-busy', 'The feeds are being updated already. Wait for that to end.');
    busy = true;
    try {
      return await work();
    } finally {
      busy = false;
    }
  };

  const run = async (job: FeedJob, signal: AbortSignal): Promise<void> => {
    await progress.begin();
    const built = await deps.build(job, { onProgress: progress.step, signal });
    if (!built.ok) {
      const message = sentenceOf(job, built.error);
      await progress.fail(message);
      throw new AppError(built.error.code, job.kind === 'import' ? 400 : 503, message);
    }
    const gone = await activateVersion(db, built.value, new Date(clock.now()));
    await files.reload();
    await progress.done();
    for (const version of gone) await files.remove(version);
    log.info({ version: built.value.version, advisories: built.value.advisories }, 'feeds activated');
    await deps.rematch();
  };

  const status = (): Promise<FeedStatus> => readFeedStatus(db, files.problem());
  const importFile = (path: string): Promise<FeedStatus> =>
    alone(async () => {
      await run({ kind: 'import', databaseDir: deps.databaseDir, path }, new AbortController().signal);
      return status();
    });

  return {
    status,
    importFile,
    announce: async () => {
      if (!busy) await progress.begin();
    },
    needsRebuild: () => files.problem() !== undefined,
    rebuild: (signal) =>
      alone(async () => {
        if (files.problem() === undefined) return;
        await run({ kind: 'rebuild', databaseDir: deps.databaseDir }, signal);
      }),
    update: (signal) => alone(() => run({ kind: 'fetch', databaseDir: deps.databaseDir, ...deps.publishers }, signal)),
    importStream: async (stream) => {
      requireRoomToWrite(deps.gate, 'folder');
      const path = join(deps.temporaryDir, `bundle-${randomUUID()}`);
      try {
        await pipeline(stream, limitBytes(maxBundleBytes), createWriteStream(path, { mode: 0o600 }));
        return await importFile(path);
      } finally {
        await rm(path, { force: true });
      }
    },
    rollback: (version) =>
      alone(async () => {
        const row = await db
          .selectFrom('feed_versions')
          .select('active')
          .where('version', '=', version)
          .executeTakeFirst();
        if (row === undefined) throw notFound('This feed version');
        if (!files.isUsable(version)) {
          throw conflict('feed-unusable', 'The data of this version cannot be read any more. Import it again.');
        }
        await reactivateVersion(db, version, new Date(clock.now()));
        await files.reload();
        deps.live.publish({ kind: 'feeds' });
        await deps.rematch();
        return status();
      }),
    start: async () => {
      await progress.interrupted();
      await files.reload();
    },
  };
};

const sentenceOf = (job: FeedJob, { message, code }: Problem): string => {
  if (job.kind === 'fetch' && code === 'unreachable')
    return `The publishers could not be reached. Where this console has no way to them, import a bundle instead. (${message})`;
  if (job.kind === 'rebuild' && code === 'empty-feed')
    return 'The advisory data is not on this machine, e.g. because a backup was restored that was made without it. Update the feeds, or import a bundle.';
  return message;
};

const limitBytes = (maxBytes: number): Transform => {
  let total = 0;
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      total += chunk.length;
      if (total > maxBytes) done(badRequest('bundle-too-large', `The bundle is larger than ${maxBytes} bytes.`));
      else done(null, chunk);
    },
  });
};
