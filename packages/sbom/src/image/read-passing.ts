import { messageOf, type Problem, problem, type TarSink } from '@parapet/core';
import type { FileExtractor } from '../extractors/extractor.ts';
import type { StreamChoice } from '../extractors/registry.ts';
import { memoryFileSystemOf } from '../file-system/memory.ts';
import { tooLarge } from '../file-system/path.ts';
import { headBytes } from '../walk/choose.ts';
import { type FileReading, openableOf, readWith } from '../walk/read-file.ts';
import { createSpool, type Spool } from './spool.ts';

export type PassingFile = {
  readonly path: string;
  readonly sizeBytes: number;
  readonly layer: string | undefined;
  readonly choice: Exclude<StreamChoice, { kind: 'keep' }>;
};

/** Reads files while their layer streams by; one is in memory at a time. */
export type PassingReader = {
  /** Where the file's content goes; `done` gets what was read, soon after the last byte. */
  readonly sinkFor: (file: PassingFile, done: (readings: readonly FileReading[]) => void) => TarSink;
  /** Reads what has ended; to be awaited before more of the stream is taken. */
  readonly settle: (signal: AbortSignal) => Promise<void>;
  /** Frees what a layer that broke off has left unfinished. */
  readonly abandon: () => void;
};

/** Packages of all layers together, also of files that a higher layer replaces. */
const maxPackages = 200_000;

export const createPassingReader = (report: (found: Problem) => void, spoolFolder?: string): PassingReader => {
  const fileSystem = memoryFileSystemOf({});
  const ended: ((signal: AbortSignal) => Promise<void>)[] = [];
  let packagesLeft = maxPackages;
  let unfinished: Spool | undefined;

  const read = async (
    file: PassingFile,
    extractors: readonly FileExtractor[],
    spool: Spool,
    signal: AbortSignal,
  ): Promise<readonly FileReading[]> => {
    await using content = spool.finish();
    const readings = await readWith(extractors, openableOf(file.path, content, file.layer), { fileSystem, signal });
    const found = readings.reduce((sum, { packages }) => sum + packages.length, 0);
    packagesLeft -= found;
    if (packagesLeft >= 0) return readings;
    report(problem('too-many', `${found} packages beyond ${maxPackages} are left out.`, file.path));
    return [];
  };

  return {
    settle: async (signal) => {
      while (ended.length > 0) await ended.shift()?.(signal);
    },
    abandon: () => {
      unfinished?.discard();
      unfinished = undefined;
    },
    sinkFor: (file, done) => {
      const head = createHead(file.sizeBytes);
      let spool: Spool | undefined;
      let extractors: readonly FileExtractor[] = [];
      let isDecided = false;
      const decide = (): void => {
        isDecided = true;
        const wanting = file.choice.kind === 'read' ? file.choice.extractors : file.choice.byHead(head.bytes());
        extractors = wanting.filter(({ maxBytes }) => file.sizeBytes <= maxBytes);
        const [refusing] = wanting.filter(({ maxBytes }) => file.sizeBytes > maxBytes);
        if (refusing !== undefined) report(tooLarge(file.path, refusing.maxBytes));
        if (extractors.length === 0) return;
        try {
          spool = createSpool(file.sizeBytes, spoolFolder);
          unfinished = spool;
          spool.write(head.bytes());
        } catch (error) {
          report(problem('no-space', `The file could not be put aside: ${messageOf(error)}`, file.path));
        }
      };
      return {
        write: (chunk) => {
          const rest = isDecided ? chunk : head.take(chunk);
          if (!isDecided && head.isFull()) decide();
          if (rest.length === 0 || spool === undefined) return;
          try {
            spool.write(rest);
          } catch (error) {
            report(problem('no-space', `The file could not be put aside: ${messageOf(error)}`, file.path));
            spool.discard();
            spool = undefined;
            unfinished = undefined;
          }
        },
        end: () => {
          if (!isDecided) decide();
          const full = spool;
          unfinished = undefined;
          if (full === undefined) done([]);
          else ended.push(async (signal) => done(await read(file, extractors, full, signal)));
        },
      };
    },
  };
};

/** The first bytes of a file, however small the pieces in which they come. */
const createHead = (sizeBytes: number) => {
  const content = Buffer.alloc(Math.min(headBytes, sizeBytes));
  let filled = 0;
  return {
    /** Takes what is missing and returns the rest. */
    take: (chunk: Buffer): Buffer => {
      const taken = chunk.copy(content, filled);
      filled += taken;
      return chunk.subarray(taken);
    },
    isFull: () => filled === content.length,
    bytes: () => content.subarray(0, filled),
  };
};
