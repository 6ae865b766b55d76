import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import { fail, messageOf, ok, type Problem, problem, type Result } from '@parapet/core';
import type { FeedSink, FeedSource, ReadOptions, SourceReading } from '../source.ts';
import { parseEpssLine } from './parse.ts';

const fileName = 'epss_scores-current.csv.gz';
const maxUnpackedBytes = 512 * 1024 * 1024;
const linesPerPause = 20_000;

/** FIRST's Exploit Prediction Scoring System. */
export const epss: FeedSource = {
  name: 'epss',
  identify: (memberPath) => (memberPath === `epss/${fileName}` ? 'epss' : undefined),
  titleOf: () => 'FIRST EPSS',
  maxBytes: 128 * 1024 * 1024,
  urlOf: (_id, baseUrl) => `${baseUrl}/${fileName}`,
  read,
};

async function read(path: string, sink: FeedSink, options: ReadOptions): Promise<Result<SourceReading, Problem>> {
  let records = 0;
  let broken = 0;
  let dataAt: string | undefined;
  const take = (line: string): void => {
    const parsed = parseEpssLine(line);
    if (parsed.kind === 'row') {
      records += 1;
      sink.epss(...parsed.row);
    } else if (parsed.kind === 'date') dataAt = parsed.scoreDate;
    else if (parsed.kind === 'broken') broken += 1;
  };
  try {
    await eachLine(path, take, options);
  } catch (error) {
    options.signal.throwIfAborted();
    return fail(problem('truncated-archive', `The file is broken or incomplete: ${messageOf(error)}`));
  }
  if (records === 0) return fail(problem('empty-feed', 'The file holds no scores.'));
  if (broken > 10 && broken > records / 50) {
    return fail(problem('broken-records', `${broken} lines are no scores.`));
  }
  return ok({
    records,
    skipped: { withdrawn: 0, broken, noVulnerability: 0 },
    ...(dataAt === undefined ? {} : { dataAt }),
  });
}

/** Line by line through a size limit; readline alone swallows errors of its input, hence the pipeline. */
const eachLine = async (path: string, take: (line: string) => void, options: ReadOptions): Promise<void> => {
  let unpacked = 0;
  const limit = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      unpacked += chunk.length;
      if (unpacked > maxUnpackedBytes) done(new Error(`more than ${maxUnpackedBytes} bytes unpacked`));
      else done(null, chunk);
    },
  });
  const piped = pipeline(createReadStream(path), createGunzip(), limit, { signal: options.signal });
  const failure = piped.then(
    () => undefined,
    (error: unknown) => error ?? new Error('unreadable'),
  );
  let lines = 0;
  const reading = async (): Promise<void> => {
    for await (const line of createInterface({ input: limit, crlfDelay: Number.POSITIVE_INFINITY })) {
      if (line.length < 256) take(line);
      lines += 1;
      if (lines % linesPerPause === 0) await new Promise(setImmediate);
    }
  };
  const [readFailure, pipeFailure] = await Promise.all([reading().catch((error: unknown) => error), failure]);
  if (pipeFailure !== undefined) throw pipeFailure;
  if (readFailure !== undefined) throw readFailure;
};
