import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { TelemetryLine } from '@parapet/contract/telemetry';
import { type Position, readFrameBody, readFrameHeader } from '@parapet/contract/wire';
import { type EventFile, rowOf, sortableRows, writeEvents } from '@parapet/telemetry';
import { keepLater, readSegment, type SpooledFrame } from './spool/frame-spool.ts';
import type { Converted, WorkerJobs } from './worker-messages.ts';

type Engine = Parameters<typeof writeEvents>[0];

/**
 * Makes files of events of spooled segments. Each line is read by its schema; what is none of ours is counted by host, and the
 * rest of its frame goes on. The same segments make the same files, so that doing it again after a crash changes nothing.
 */
export const convertSegments = async (engine: Engine, job: WorkerJobs['convert']['job']): Promise<Converted> => {
  const positions = new Map<string, Position>();
  const accounts: Converted['accounts'][number][] = [];
  const refused = new Map<string, { lines: number; example: string }>();
  using writer = createFileWriter(engine, job.to);
  for (const path of job.segments) {
    for (const frame of readSegment(path)) {
      const hostName = job.hostNames[frame.hostId] ?? '';
      readFrame(frame, {
        position: (position) => keepLater(positions, frame.hostId, position),
        account: (account) => accounts.push({ hostId: frame.hostId, account }),
        refused: (example) => {
          const before = refused.get(frame.hostId);
          refused.set(frame.hostId, { lines: (before?.lines ?? 0) + 1, example: before?.example ?? example });
        },
        event: (event, sequence) =>
          writer.add(rowOf(event, { hostId: frame.hostId, hostName, ingestedUs: job.ingestedUs, sequence })),
      });
      await writer.flush();
    }
  }
  return {
    files: await writer.finish(),
    positions: [...positions].map(([hostId, position]) => ({ hostId, position })),
    accounts,
    refused: [...refused].map(([hostId, each]) => ({ hostId, ...each })),
  };
};

/**
 * Writes rows to as many files as the engine's memory asks for: sorting one of `sortableRows` takes some 100 MB of it, and one
 * that it cannot sort would be tried again for ever.
 */
const createFileWriter = (engine: Engine, to: string) => {
  const ndjson = `${to}.ndjson`;
  const files: EventFile[] = [];
  let fd = openSync(ndjson, 'w', 0o600);
  let waiting: string[] = [];
  let rows = 0;
  let bytes = 0;
  const close = async (): Promise<void> => {
    closeSync(fd);
    fd = -1;
    if (rows > 0) files.push(await writeEvents(engine, ndjson, `${to}.${files.length}.parquet`));
    rows = 0;
    bytes = 0;
  };
  const flush = async (): Promise<void> => {
    if (waiting.length === 0) return;
    if (fd === -1) fd = openSync(ndjson, 'w', 0o600);
    bytes += writeSync(fd, `${waiting.join('\n')}\n`);
    rows += waiting.length;
    waiting = [];
    if (rows >= sortableRows - linesPerFrame || bytes >= maxFileBytes) await close();
  };
  return {
    add: (row: Readonly<Record<string, unknown>>): void => {
      waiting.push(JSON.stringify(row));
    },
    /** Between frames: what one holds goes into one file. */
    flush,
    finish: async (): Promise<readonly EventFile[]> => {
      await flush();
      if (fd !== -1) await close();
      return files;
    },
    [Symbol.dispose]: (): void => {
      if (fd !== -1) closeSync(fd);
      rmSync(ndjson, { force: true });
    },
  };
};

/** As text, before it is compressed. */
const maxFileBytes = 24 * 1024 * 1024;

type Reader = {
  readonly position: (position: Position) => void;
  readonly event: (event: Extract<TelemetryLine, { kind: 'event' }>['event'], sequence: number) => void;
  readonly account: (account: Extract<TelemetryLine, { kind: 'account' }>) => void;
  readonly refused: (example: string) => void;
};

/** Lines in a frame, as the wire limits them: a host's sequence counts them on. */
const linesPerFrame = 4096;
const exampleCharacters = 200;

const readFrame = ({ data }: SpooledFrame, reader: Reader): void => {
  const header = readFrameHeader(data);
  if (!header.ok) {
    reader.refused(header.error.message);
    return;
  }
  const { epoch, seq } = header.value;
  reader.position({ epoch, seq });
  const body = readFrameBody(data, header.value);
  if (!body.ok) {
    reader.refused(body.error.message);
    return;
  }
  for (const [index, text] of body.value.toString('utf8').split('\n').entries()) {
    if (text === '') continue;
    const line = index < linesPerFrame ? readLine(text) : undefined;
    if (line === undefined) reader.refused(text.slice(0, exampleCharacters));
    else if (line.kind === 'account') reader.account(line);
    else reader.event(line.event, seq * linesPerFrame + index);
  }
};

const readLine = (text: string): TelemetryLine | undefined => {
  try {
    const line = TelemetryLine.safeParse(JSON.parse(text));
    return line.success ? line.data : undefined;
  } catch {
    return undefined;
  }
};
