import { once } from 'node:events';
import { createWriteStream, type WriteStream } from 'node:fs';
import { rm } from 'node:fs/promises';
import { TelemetryLine } from '@parapet/contract/telemetry';
import { type Position, readFrameBody, readFrameHeader } from '@parapet/contract/wire';
import { rowOf, writeEvents } from '@parapet/telemetry';
import { keepLater, readSegment, type SpooledFrame } from './spool/frame-spool.ts';
import type { Converted, WorkerJobs } from './worker-messages.ts';

type Engine = Parameters<typeof writeEvents>[0];

/**
 * Makes a file of events of spooled segments. Each line is read by its schema; what is none of ours is counted by host, and the
 * rest of its frame goes on. The same segments make the same file, so that doing it again after a crash changes nothing.
 */
export const convertSegments = async (engine: Engine, job: WorkerJobs['convert']['job']): Promise<Converted> => {
  const ndjson = `${job.to}.ndjson`;
  const positions = new Map<string, Position>();
  const accounts: Converted['accounts'][number][] = [];
  const refused = new Map<string, { lines: number; example: string }>();
  let events = 0;
  const out = createWriteStream(ndjson, { mode: 0o600 });
  try {
    for (const path of job.segments) {
      for (const frame of readSegment(path)) {
        const rows: string[] = [];
        readFrame(frame, {
          position: (position) => keepLater(positions, frame.hostId, position),
          account: (account) => accounts.push({ hostId: frame.hostId, account }),
          refused: (example) => {
            const before = refused.get(frame.hostId);
            refused.set(frame.hostId, { lines: (before?.lines ?? 0) + 1, example: before?.example ?? example });
          },
          event: (event, sequence) => {
            const hostName = job.hostNames[frame.hostId] ?? '';
            rows.push(
              JSON.stringify(rowOf(event, { hostId: frame.hostId, hostName, ingestedUs: job.ingestedUs, sequence })),
            );
          },
        });
        events += rows.length;
        if (rows.length > 0) await write(out, `${rows.join('\n')}\n`);
      }
    }
    out.end();
    await once(out, 'close');
    const file = events === 0 ? undefined : await writeEvents(engine, ndjson, job.to);
    return {
      ...(file === undefined ? {} : { file }),
      positions: [...positions].map(([hostId, position]) => ({ hostId, position })),
      accounts,
      refused: [...refused].map(([hostId, each]) => ({ hostId, ...each })),
    };
  } finally {
    out.destroy();
    await rm(ndjson, { force: true });
  }
};

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

const write = async (out: WriteStream, text: string): Promise<void> => {
  if (!out.write(text)) await once(out, 'drain');
};
