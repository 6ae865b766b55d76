import { setImmediate } from 'node:timers/promises';
import { type Problem, problem } from '@parapet/core';
import type { FileContext, FileExtractor } from '../extractors/extractor.ts';
import type { DirectoryEntry, FileInfo, FileSystem, FolderView } from '../file-system/file-system.ts';
import { reasonOf } from '../file-system/folder-cache.ts';
import { type Chooser, createChooser, hasOtherName, headBytes, mayBeProgram } from './choose.ts';
import { type FileReading, readWith } from './read-file.ts';
import type { Skips } from './skipped.ts';

export type WalkLimits = {
  readonly maxEntries: number;
  readonly maxDepth: number;
  /** Folders that wait for their turn. */
  readonly maxPending: number;
  /** Packages; what is found beyond them is counted only. */
  readonly maxPackages: number;
};

export const defaultWalkLimits: WalkLimits = {
  maxEntries: 20_000_000,
  maxDepth: 128,
  maxPending: 1_000_000,
  maxPackages: 100_000,
};

export type WalkOptions = {
  readonly fileSystem: FileSystem;
  readonly extractors: readonly FileExtractor[];
  readonly skips: Skips;
  readonly signal: AbortSignal;
  readonly limits?: Partial<WalkLimits>;
};

export type Walked = {
  readonly readings: readonly FileReading[];
  readonly problems: readonly Problem[];
  readonly leftOut: number;
};

/**
 * Goes through all folders of a target once, depth first, and lets each file be read by the extractors that want it. Links are
 * not followed, so nothing is read twice and nothing leads out; a file of several names is read under its first.
 */
export const walkFiles = async (options: WalkOptions): Promise<Walked> => {
  const { fileSystem, skips, signal } = options;
  const limits = { ...defaultWalkLimits, ...options.limits };
  const collector = createCollector(limits.maxPackages);
  const chooser = createChooser(options.extractors);
  const pending: Place[] = [{ path: '/', depth: 0 }];
  const seen = new Set<unknown>();
  const pace = createPace();
  let entriesLeft = limits.maxEntries;

  const visit = async (place: Place, folder: FolderView): Promise<void> => {
    const children: Place[] = [];
    let hits: Hit[] = [];
    for (const entry of folder.entries()) {
      entriesLeft -= 1;
      if (entriesLeft < 0) break;
      if (entry.kind === 'directory') addChild(children, place, entry.name);
      else if (entry.kind === 'file') hits.push(...(hitOf(chooser, folder, place, entry) ?? []));
      if (hits.length >= hitsAtOnce) {
        await readHits(hits, folder);
        hits = [];
      }
      const pause = pace(signal);
      if (pause !== undefined) await pause;
    }
    await readHits(hits, folder);
    pending.push(...children.sort(descending));
  };

  const addChild = (children: Place[], parent: Place, name: string): void => {
    const path = joined(parent.path, name);
    if (skips(path, name) || fileSystem.isForeign(path)) return;
    if (parent.depth >= limits.maxDepth) collector.report(tooDeep(parent.path, limits.maxDepth));
    else if (pending.length + children.length >= limits.maxPending) collector.report(tooWide(path));
    else children.push({ path, depth: parent.depth + 1 });
  };

  const readHits = async (hits: readonly Hit[], folder: FolderView): Promise<void> => {
    for (const hit of hits.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
      signal.throwIfAborted();
      if (hit.info.identity !== undefined) {
        if (seen.has(hit.info.identity)) continue;
        seen.add(hit.info.identity);
      }
      const readings = await readHit(hit, folder, chooser, { fileSystem, signal });
      const failed = readings.some(({ packages, problems = [] }) => packages.length === 0 && problems.length > 0);
      if (!failed || !(await isGone(fileSystem, hit.path))) for (const reading of readings) collector.add(reading);
      const pause = pace(signal);
      if (pause !== undefined) await pause;
    }
  };

  while (pending.length > 0 && entriesLeft > 0) {
    const place = pending.pop() ?? pending[0];
    if (place === undefined) break;
    signal.throwIfAborted();
    const visited = await fileSystem
      .visitFolder(place.path, (folder) => visit(place, folder))
      .catch((error: unknown) => {
        signal.throwIfAborted();
        return {
          ok: false,
          error: problem('unreadable', `The folder could not be read: ${reasonOf(error)}`, place.path),
        } as const;
      });
    signal.throwIfAborted();
    if (!visited.ok && !(await isGone(fileSystem, place.path))) collector.report(visited.error);
  }
  if (entriesLeft <= 0) {
    collector.report(problem('too-many', `More than ${limits.maxEntries} files: the rest was not looked at.`));
  }
  return collector.walked();
};

/** What a live system removed since it was listed is no gap: it is not there. */
const isGone = async (fileSystem: FileSystem, path: string): Promise<boolean> => {
  const found = await fileSystem.lstat(path);
  return !found.ok && found.error.code === 'not-found';
};

type Place = { readonly path: string; readonly depth: number };

type Hit = {
  readonly path: string;
  readonly name: string;
  readonly info: FileInfo;
  readonly extractors: readonly FileExtractor[];
};

/** Files of one folder that are read before the next entries are taken. */
const hitsAtOnce = 256;
const maxProblems = 1000;
/** How long other work of the process may have to wait. */
const sliceMs = 20;

const joined = (folder: string, name: string): string => (folder === '/' ? `/${name}` : `${folder}/${name}`);

const descending = (a: Place, b: Place): number => (a.path < b.path ? 1 : -1);

const tooDeep = (path: string, maxDepth: number): Problem =>
  problem('too-deep', `Folders more than ${maxDepth} deep are not looked at.`, path);

const tooWide = (path: string): Problem =>
  problem('too-many', 'There are too many folders; this one was not looked at.', path);

/** Nobody wants most files: they cost a look into a table and, without an ending, one question about their mode. */
const hitOf = (
  chooser: Chooser,
  folder: FolderView,
  place: Place,
  { name }: DirectoryEntry,
): readonly [Hit] | undefined => {
  const path = joined(place.path, name);
  const extractors = chooser.byName(path, name);
  if (extractors.length === 0 && hasOtherName(name)) return undefined;
  const info = folder.info(name);
  if (info?.kind !== 'file') return undefined;
  const isWanted = extractors.length > 0 || mayBeProgram(name, info) || folder.passed(name) !== undefined;
  return isWanted ? [{ path, name, info, extractors }] : undefined;
};

const readHit = async (
  { path, name, info, extractors }: Hit,
  folder: FolderView,
  chooser: Chooser,
  context: FileContext,
): Promise<readonly FileReading[]> => {
  const passed = folder.passed(name);
  if (passed !== undefined) return passed as readonly FileReading[];
  const file = { path, sizeBytes: info.sizeBytes, layer: info.layer, open: async () => folder.open(name) };
  if (!mayBeProgram(name, info)) return readWith(extractors, file, context);
  const opened = folder.open(name);
  if (!opened.ok) return extractors.length === 0 ? [] : readWith(extractors, file, context);
  await using program = opened.value;
  const chosen = [...extractors, ...chooser.byHead(await program.read(0, headBytes), name)];
  return chosen.length === 0 ? [] : readWith(chosen, file, context);
};

type Collector = {
  readonly add: (reading: FileReading) => void;
  readonly report: (found: Problem) => void;
  readonly walked: () => Walked;
};

const createCollector = (maxPackages: number): Collector => {
  const readings: FileReading[] = [];
  const problems: Problem[] = [];
  let packages = 0;
  let leftOut = 0;
  const report = (found: Problem): void => {
    if (problems.length < maxProblems) problems.push(found);
  };
  return {
    report,
    add: (reading) => {
      for (const found of reading.problems ?? []) report(found);
      const room = Math.max(0, maxPackages - packages);
      const kept = reading.packages.length > room ? reading.packages.slice(0, room) : reading.packages;
      packages += kept.length;
      leftOut += reading.packages.length - kept.length;
      if (kept.length > 0) readings.push({ ...reading, packages: kept, problems: [] });
    },
    walked: () => ({ readings, problems, leftOut }),
  };
};

/** Lets other work of the process run from time to time, and stops when asked. */
const createPace = (): ((signal: AbortSignal) => Promise<void> | undefined) => {
  let countdown = 256;
  let last = performance.now();
  return (signal) => {
    countdown -= 1;
    if (countdown > 0) return undefined;
    countdown = 256;
    if (performance.now() - last < sliceMs) return undefined;
    return setImmediate(undefined).then(() => {
      last = performance.now();
      signal.throwIfAborted();
    });
  };
};
