import { rm, writeFile } from 'node:fs/promises';
import { type TelemetryEvent, TelemetryLine } from '@parapet/contract/telemetry';
import { type Position, readFrameBody, readFrameHeader } from '@parapet/contract/wire';
import { storableJson } from '@parapet/core';
import { type EventFile, rowOf, writeEvents } from '@parapet/telemetry';
import { notAhead } from './not-ahead.ts';
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
  await using writer = createFileWriter(engine, job.to);
  for (const path of job.segments) {
    for (const frame of readSegment(path)) {
      const hostName = job.hostNames[frame.hostId] ?? '';
      readFrame(frame, {
        position: (position) => keepLater(positions, frame.hostId, position),
        account: (account) => accounts.push({ hostId: frame.hostId, account: notAhead(account, frame) }),
        refused: (example) => {
          const before = refused.get(frame.hostId);
          refused.set(frame.hostId, { lines: (before?.lines ?? 0) + 1, example: before?.example ?? example });
        },
        event: (event, sequence) =>
          writer.add(event, rowOf(event, { hostId: frame.hostId, hostName, ingestedUs: job.ingestedUs, sequence })),
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
 * Writes rows to as many files as memory asks for, those of one container together and in time, as a hunt wants them: sorted here,
 * where a row is one text, for half of what the engine would take with its 80 columns.
 */
const createFileWriter = (engine: Engine, to: string) => {
  const ndjson = `${to}.ndjson`;
  const files: EventFile[] = [];
  let waiting: Waiting[] = [];
  let characters = 0;
  const write = async (): Promise<void> => {
    if (waiting.length === 0) return;
    const rows = waiting.sort(byContainerAndTime);
    waiting = [];
    characters = 0;
    await writeFile(ndjson, rows.map(({ text }) => text).join('\n'), { mode: 0o600 });
    files.push(await writeEvents(engine, ndjson, `${to}-${files.length}.parquet`));
  };
  return {
    add: (event: TelemetryEvent, row: Readonly<Record<string, unknown>>): void => {
      const text = storableJson(row);
      waiting.push({ container: event['container.id'] ?? '', at: event['@timestamp'], text });
      characters += text.length;
    },
    /** Between frames. */
    flush: async (): Promise<void> => {
      if (waiting.length >= maxFileRows || characters >= maxFileCharacters) await write();
    },
    finish: async (): Promise<readonly EventFile[]> => {
      await write();
      return files;
    },
    [Symbol.asyncDispose]: () => rm(ndjson, { force: true }),
  };
};

type Waiting = { readonly container: string; readonly at: number; readonly text: string };

const byContainerAndTime = (one: Waiting, other: Waiting): number =>
  one.container === other.container ? one.at - other.at : one.container < other.container ? -1 : 1;

/** What a file holds beyond the frame that filled it: some 40 MB while it is made. */
const maxFileRows = 40_000;
const maxFileCharacters = 24 * 1024 * 1024;

type Reader = {
  readonly position: (position: Position) => void;
  readonly event: (event: TelemetryEvent, sequence: number) => void;
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
