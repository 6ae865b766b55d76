import { mkdirSync, readdirSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, messageOf } from '@parapet/core';
import { sql } from 'kysely';
import type { Database } from '../database/database.ts';
import type { Log } from '../logging/log.ts';
import type { WriteGate } from '../self-watch/write-gate.ts';
import { forgetGone } from './gone.ts';
import { type DiskPressure, type EventLimits, letGo } from './let-go.ts';
import {
  forgetFiles,
  readTotals,
  retiredBefore,
  type StoredFile,
  type StoreTotals,
  smallFiles,
  storeConverted,
  storeMerged,
} from './manifest.ts';
import type { FrameSpool, SealedSegment } from './spool/frame-spool.ts';
import type { TelemetryWorker } from './worker.ts';

/** Turns spooled frames into files of events, keeps the files few and the store within its limits. */
export type EventStore = AsyncDisposable & {
  /** Makes everything that was acknowledged so far part of what searches see. */
  readonly settle: () => Promise<void>;
  /** Puts small files together and lets old ones go; called by a timer too. */
  readonly tidy: () => Promise<void>;
  readonly totals: () => Promise<StoreTotals>;
  /** Whether what comes is stored, and since when so. */
  readonly health: () => EventStoreHealth;
};

export type EventStoreHealth = { readonly state: 'ok' | 'away'; readonly detail: string; readonly since: number };

export type EventStoreDeps = {
  readonly db: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly spool: FrameSpool;
  readonly worker: TelemetryWorker;
  /** Holds the files. */
  readonly folder: string;
  readonly limits: () => Promise<EventLimits>;
  /** What room the disk lacks, if any. */
  readonly pressure: () => DiskPressure | undefined;
  readonly gate: WriteGate;
};

/** Segments of one conversion: one that is full holds some 300,000 events, which take a core 5 s. */
const segmentsAtOnce = 4;
const bytesAtOnce = 8 * 1024 * 1024;
const convertTimeoutMs = 120_000;
const retryMs = 5000;
const mergeEveryMs = 4000;
/** Old events are let go at every fifth time. */
const mergesToTidy = 5;
/**
 * Merging goes by tens: files of up to some rows become one of ten times as many, so that each event is rewritten few times. A
 * search opens each file, which costs it 1 to 3 ms of CPU, and while events come there are three new ones a second.
 */
const mergeLevels = [200, 2000, 20_000, 300_000] as const;
const filesToMerge = 10;
/** A file is not merged while it is new. */
const restMs = 2000;
/** No file grows beyond some: to be written again it must be read whole. */
const maxMergedRows = 3_000_000;
/** No search lasts longer. */
const graceMs = 120_000;

export const createEventStore = async (deps: EventStoreDeps): Promise<EventStore> => {
  const { db, clock, log, spool, worker, folder } = deps;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  await removeStrays(deps);
  let working: Promise<void> | undefined;
  let tidying: Promise<void> | undefined;
  let stopped = false;
  let failure: { readonly since: number; readonly message: string } | undefined;
  let wellSince = clock.now();
  let retry: NodeJS.Timeout | undefined;
  const mayWrite = (): boolean => deps.gate.isOpen('folder') && deps.gate.isOpen('database');

  const waits = (message: string): void => {
    failure = { since: failure?.since ?? clock.now(), message };
    log.error({ problem: message }, 'events could not be stored; they wait in the spool');
  };

  const convert = async (segments: readonly SealedSegment[]): Promise<boolean> => {
    const [first, last] = [segments[0], segments.at(-1)];
    if (first === undefined || last === undefined) return false;
    const converted = await worker.run(
      'convert',
      {
        segments: segments.map(({ path }) => path),
        to: join(folder, `${first.number}-${last.number}`),
        hostNames: await readHostNames(db),
        ingestedUs: clock.now() * 1000,
      },
      { timeoutMs: convertTimeoutMs },
    );
    if (!converted.ok) {
      waits(converted.error.message);
      // The next try may be of fewer segments, and its files have other names.
      await removeHalfMade(folder, `${first.number}-${last.number}`);
      return false;
    }
    await storeConverted(db, converted.value, last.number, new Date(clock.now()));
    for (const { hostId, lines, example } of converted.value.refused)
      log.warn({ hostId, lines, example }, 'lines of telemetry were refused');
    for (const segment of segments) spool.remove(segment);
    return true;
  };

  const convertAll = async (): Promise<void> => {
    try {
      while (!stopped && mayWrite() && spool.sealed().length > 0) {
        // What failed together is tried one by one: a machine with little time or memory gets on with less.
        const segments = failure === undefined ? atOnce(spool.sealed()) : spool.sealed().slice(0, 1);
        if (!(await convert(segments))) break;
        if (failure !== undefined) wellSince = clock.now();
        failure = undefined;
      }
    } catch (error) {
      waits(messageOf(error));
    }
    if (!stopped && spool.sealed().length > 0) retry ??= setTimeout(wake, retryMs).unref();
  };
  const wake = (): void => {
    clearTimeout(retry);
    retry = undefined;
    working ??= convertAll().finally(() => {
      working = undefined;
    });
  };
  // What fails is tried again after a while, not with each segment that comes meanwhile.
  spool.onSealed(() => {
    if (retry === undefined) wake();
  });
  deps.gate.onChange(wake);
  wake();

  const merge = async (belowRows: number): Promise<void> => {
    const small = await smallFiles(db, { rows: belowRows, storedBefore: new Date(clock.now() - restMs) });
    if (small.length < filesToMerge) return;
    const together = withinRows(small.slice(0, filesToMerge * 6));
    const files = together.map(({ path }) => path);
    const name = `${baseOf(files[0] ?? '')}-${baseOf(files.at(-1) ?? '')}-m${clock.now()}.parquet`;
    const merged = await worker.run(
      'merge',
      {
        files: { paths: files.map((path) => join(folder, path)), rows: rowsOf(together) },
        to: join(folder, name),
      },
      { timeoutMs: convertTimeoutMs },
    );
    if (!merged.ok) {
      log.warn({ problem: merged.error.message }, 'files of events could not be put together');
      return;
    }
    await storeMerged(db, { name, file: merged.value, replaced: files }, new Date(clock.now()));
  };

  const mergeAll = async (): Promise<void> => {
    if (mayWrite()) for (const rows of mergeLevels) await merge(rows);
  };
  const tidyOnce = async (): Promise<void> => {
    await mergeAll();
    const gone = await letGo(db, await deps.limits(), deps.pressure(), new Date(clock.now()));
    for (const totals of gone) log[totals.cause === 'disk' ? 'warn' : 'info'](totals, 'old events were let go');
    const retired = await retiredBefore(db, new Date(clock.now() - graceMs));
    for (const path of retired) await rm(join(folder, path), { force: true });
    await forgetFiles(db, retired);
  };
  /** One at a time: both take files out of use. */
  const inTurn = async (work: () => Promise<void>): Promise<void> => {
    while (tidying !== undefined) await tidying;
    if (stopped) return;
    tidying = work()
      .catch((error: unknown) => log.warn({ error: messageOf(error) }, 'the store of events could not be tidied'))
      .finally(() => {
        tidying = undefined;
      });
    await tidying;
  };
  let merges = 0;
  const timer = setInterval(() => {
    if (tidying !== undefined) return;
    merges += 1;
    void inTurn(merges % mergesToTidy === 0 ? tidyOnce : mergeAll);
  }, mergeEveryMs);
  timer.unref();

  return {
    settle: async () => {
      await spool.cut();
      wake();
      await working;
    },
    tidy: () => inTurn(tidyOnce),
    totals: () => readTotals(db),
    health: () =>
      failure === undefined
        ? { state: 'ok', detail: 'stored as they come', since: wellSince }
        : {
            state: 'away',
            detail: `${Math.ceil(spool.bytes() / 2 ** 20)} MB wait to be stored and are not found by hunts: ${failure.message.slice(0, 300)}`,
            since: failure.since,
          },
    [Symbol.asyncDispose]: async () => {
      stopped = true;
      clearInterval(timer);
      clearTimeout(retry);
      await working;
      await tidying;
    },
  };
};

/** The oldest, as many as one conversion takes. */
const atOnce = (segments: readonly SealedSegment[]): readonly SealedSegment[] => {
  let bytes = 0;
  return segments.slice(0, segmentsAtOnce).filter((segment, index) => {
    bytes += segment.bytes;
    return index === 0 || bytes <= bytesAtOnce;
  });
};

const rowsOf = (files: readonly StoredFile[]): number => files.reduce((sum, { rows }) => sum + rows, 0);

/** The first of them, as many as one file may hold together. */
const withinRows = (files: readonly StoredFile[]): readonly StoredFile[] => {
  let rows = 0;
  return files.filter((file) => {
    rows += file.rows;
    return rows <= maxMergedRows;
  });
};

const baseOf = (path: string): string => path.split(/[-.]/)[0] ?? '';

/**
 * Files that a crash left before they came into the manifest go: what they were made of is in the spool still. Files that the
 * manifest names and that are not there are forgotten, so that the rest can be searched, and hunts of their time say so.
 */
const removeStrays = async ({ db, log, folder }: EventStoreDeps): Promise<void> => {
  const known = await db.selectFrom('telemetry_files').select(['path', 'retired_at']).execute();
  const present = new Set(readdirSync(folder));
  const gone = known.filter(({ path }) => !present.has(path));
  for (let from = 0; from < gone.length; from += 1000) {
    const some = gone.slice(from, from + 1000);
    await forgetFiles(
      db,
      some.flatMap(({ path, retired_at }) => (retired_at === null ? [] : [path])),
    );
    const lost = await forgetGone(db, sql`path in (${sql.join(some.map(({ path }) => path))})`, 'missing');
    if (lost.files > 0) log.warn(lost, 'files of events are not there: hunts of their time say so');
  }
  const named = new Set(known.map(({ path }) => path));
  for (const name of present) if (!named.has(name)) await rm(join(folder, name), { force: true });
};

const removeHalfMade = async (folder: string, conversion: string): Promise<void> => {
  const half = new RegExp(`^${conversion}(-\\d+\\.parquet(\\.tmp)?|\\.ndjson)$`);
  for (const name of await readdir(folder).catch(() => []))
    if (half.test(name)) await rm(join(folder, name), { force: true });
};

const readHostNames = async (db: Database): Promise<Record<string, string>> => {
  const hosts = await db.selectFrom('assets').select(['id', 'name']).where('kind', '=', 'host').execute();
  return Object.fromEntries(hosts.map(({ id, name }) => [id, name]));
};
