import { createHash } from 'node:crypto';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { fail, ok, type Problem, problem, type Result } from '@parapet/core';
import type { FeedProgress, FeedSourceState, ImportedFeed } from '../model.ts';
import { sourceOf } from '../sources/registry.ts';
import type { FeedSource } from '../sources/source.ts';
import { openAdvisoryDatabase } from './open.ts';
import { layoutVersion } from './schema.ts';
import { createDatabaseWriter, type DatabaseWriter } from './writer.ts';

/** One publisher's file on disk, its checksum known. */
export type SourceFile = {
  /** E.g. `osv/Debian`. */
  readonly id: string;
  readonly path: string;
  readonly sha256: string;
  readonly sizeBytes: number;
  readonly dataAt?: string;
  readonly fetchedAt?: string;
  readonly licence?: string;
};

export type BuildOptions = {
  readonly files: readonly SourceFile[];
  readonly databaseDir: string;
  readonly origin: ImportedFeed['origin'];
  /** Asked when a file turns out to be broken: an older one to take instead, or to go on without it, or to give up. */
  readonly onBroken: (file: SourceFile, problem: Problem) => SourceFile | 'leave-out' | 'give-up';
  readonly signal: AbortSignal;
  readonly onProgress: (progress: FeedProgress) => void;
};

/** The version of a database made of these files: equal data, equal version, whoever builds it and when. */
export const versionOf = (files: readonly Pick<SourceFile, 'id' | 'sha256'>[]): string => {
  const hash = createHash('sha256').update(`parapet-advisories/${layoutVersion}\n`);
  for (const { id, sha256 } of files.toSorted((a, b) => (a.id < b.id ? -1 : 1))) hash.update(`${id} ${sha256}\n`);
  return `advisories-${hash.digest('hex').slice(0, 16)}`;
};

/** Where a version lies. */
export const databasePath = (databaseDir: string, version: string): string => join(databaseDir, `${version}.db`);

/**
 * Builds the database of some source files, or finds it already there. It is written beside its place, made durable and only
 * then renamed, so a file of that name is always whole. Fails when a file is broken and `onBroken` has no other.
 */
export const buildDatabase = async (options: BuildOptions): Promise<Result<ImportedFeed, Problem>> => {
  await mkdir(options.databaseDir, { recursive: true });
  const there = await describe(options, versionOf(options.files));
  if (there !== undefined) return ok(there);
  const temporary = join(options.databaseDir, `.building-${process.pid}-${crypto.randomUUID()}.db`);
  try {
    const used = await writeAll(temporary, options);
    if (!used.ok) return used;
    const version = versionOf(used.value);
    await syncFile(temporary);
    await rename(temporary, databasePath(options.databaseDir, version));
    await syncFile(options.databaseDir);
    const built = await describe(options, version);
    return built === undefined ? fail(problem('unreadable', 'The new database could not be opened.')) : ok(built);
  } finally {
    await rm(temporary, { force: true });
  }
};

/** Reads all sources into a new file; returns the files that were really used. */
const writeAll = async (path: string, options: BuildOptions): Promise<Result<readonly SourceFile[], Problem>> => {
  using writer = createDatabaseWriter(path);
  const used: SourceFile[] = [];
  const states: FeedSourceState[] = [];
  const totalBytes = options.files.reduce((sum, file) => sum + file.sizeBytes, 1);
  let doneBytes = 0;
  for (const file of options.files) {
    const source = sourceOf(file.id);
    if (source === undefined) return fail(problem('unknown-source', 'This source is not known.', file.id));
    const step = `Importing ${source.titleOf(file.id)}`;
    const report = (progress: number): void =>
      options.onProgress({ step, progress: (0.98 * (doneBytes + progress * file.sizeBytes)) / totalBytes });
    report(0);
    const outcome = await readSource(writer, source, file, options, report);
    if (!outcome.ok) return outcome;
    if (outcome.value !== undefined) {
      used.push(outcome.value.file);
      states.push(outcome.value.state);
    }
    doneBytes += file.sizeBytes;
  }
  if (used.length === 0) return fail(problem('empty-feed', 'No source could be read.'));
  writer.setMeta('layout', layoutVersion);
  writer.setMeta('version', versionOf(used));
  writer.setMeta('builtAt', new Date().toISOString());
  writer.setMeta('origin', options.origin);
  writer.setMeta('sources', states);
  writer.setMeta('counts', writer.counts());
  options.onProgress({ step: 'Writing the database', progress: 0.99 });
  writer.finish();
  return ok(used);
};

type ReadSource = { readonly file: SourceFile; readonly state: FeedSourceState };

const readSource = async (
  writer: DatabaseWriter,
  source: FeedSource,
  file: SourceFile,
  options: BuildOptions,
  onProgress: (progress: number) => void,
): Promise<Result<ReadSource | undefined, Problem>> => {
  const outcome = await writer.attempt<ReadSource>(async () => {
    const reading = await source.read(file.path, writer.sink, { signal: options.signal, onProgress });
    if (reading.ok) return ok({ file, state: stateOf(source, file, reading.value) });
    const { code, message, at } = reading.error;
    return fail(problem(code, `${source.titleOf(file.id)}: ${message}`, at ?? file.id));
  });
  if (outcome.ok) return outcome;
  const instead = options.onBroken(file, outcome.error);
  if (instead === 'give-up') return outcome;
  if (instead === 'leave-out') return ok(undefined);
  return readSource(writer, source, instead, { ...options, onBroken: () => 'give-up' }, onProgress);
};

const stateOf = (
  source: FeedSource,
  file: SourceFile,
  reading: { readonly records: number; readonly skipped: FeedSourceState['skipped']; readonly dataAt?: string },
): FeedSourceState => {
  const dataAt = reading.dataAt ?? file.dataAt;
  return {
    id: file.id,
    name: source.titleOf(file.id),
    records: reading.records,
    skipped: reading.skipped,
    sha256: file.sha256,
    ...(dataAt === undefined ? {} : { dataAt }),
    ...(file.fetchedAt === undefined ? {} : { fetchedAt: file.fetchedAt }),
    ...(file.licence === undefined ? {} : { licence: file.licence }),
  };
};

const describe = async (options: BuildOptions, version: string): Promise<ImportedFeed | undefined> => {
  const path = databasePath(options.databaseDir, version);
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  const opened = openAdvisoryDatabase(path);
  if (!opened.ok) return undefined;
  using database = opened.value;
  const { counts, sources } = database;
  return { version, path, sizeBytes: found.size, origin: options.origin, counts, sources };
};

const syncFile = async (path: string): Promise<void> => {
  await using handle = await open(path, 'r');
  await handle.sync();
};
