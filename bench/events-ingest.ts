import { readdirSync, readlinkSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createGraphFixture } from '../apps/console/src/graph/testing/graph-fixture.ts';
import type { TelemetryFeature } from '../apps/console/src/telemetry/feature.ts';
import { startTestConsole } from '../apps/console/src/testing/test-console.ts';
import type { TelemetryEvent } from '../packages/contract/src/telemetry/index.ts';
import { encodeFrame, type FrameHeader } from '../packages/contract/src/wire/index.ts';
import { childrenOf, cpuSecondsOf } from '../tests/support/fleet/processes.ts';

/**
 * Events that a console takes in for each second of processor time: `acceptedPerCore` until they are acknowledged, that is on
 * the disk; `storedPerCore` with all that its child does to them until they can be searched. `--hosts N --frames N`, of 500
 * events each. What crosses the network and its encryption are not in it; the frames are made beforehand.
 */
export const run = async (args: readonly string[]): Promise<Readonly<Record<string, number>>> => {
  const { values } = parseArgs({
    args: [...args],
    options: { hosts: { type: 'string', default: '20' }, frames: { type: 'string', default: '60' } },
  });
  const [hosts, frames] = [Number(values.hosts), Number(values.frames)];
  await using running = await startTestConsole();
  const { telemetry, platform } = running.console;
  const graph = createGraphFixture(platform.db, new Date());
  const streams: { readonly hostId: string; readonly frames: readonly Frame[] }[] = [];
  for (let host = 0; host < hosts; host += 1) {
    streams.push({
      hostId: await graph.host(`host-${host}`),
      frames: Array.from({ length: frames }, (_, frame) => frameOf(host, frame)),
    });
  }
  const bytes = streams.reduce(
    (sum, stream) => sum + stream.frames.reduce((part, { data }) => part + data.length, 0),
    0,
  );
  const events = hosts * frames * eventsOfFrame;

  const before = await cpuOfUs();
  const startedAt = performance.now();
  await Promise.all(streams.map((stream) => send(telemetry, stream.hostId, stream.frames)));
  const acceptedS = (performance.now() - startedAt) / 1000;
  const accepted = await cpuOfUs();
  await telemetry.store.settle();
  const stored = await cpuOfUs();
  return {
    events,
    wireBytesPerEvent: round(bytes / events),
    acceptedPerSecond: Math.round(events / acceptedS),
    acceptedPerCore: Math.round(events / (accepted.own - before.own)),
    storedPerCore: Math.round(events / (stored.all - before.all)),
    storedBytesPerEvent: round(bytesOf(join(platform.folder.root, 'telemetry')) / events),
    consoleCpuS: round(stored.own - before.own),
    childCpuS: round(stored.all - stored.own - (before.all - before.own)),
  };
};

type Frame = { readonly data: Buffer; readonly header: FrameHeader };

const eventsOfFrame = 500;

const frameOf = (host: number, frame: number): Frame => {
  const lines = Array.from({ length: eventsOfFrame }, (_, at) =>
    JSON.stringify({ kind: 'event', event: eventOf(host, frame * eventsOfFrame + at) }),
  );
  const header = { channel: 'telemetry', epoch: 1, seq: frame + 1 } as const;
  return {
    data: encodeFrame({ ...header, body: Buffer.from(lines.join('\n')) }),
    header: { ...header, compressed: true },
  };
};

const beganMs = Date.now() - 3_600_000;

/** What a busy host tells: programs that start and end in some containers. */
const eventOf = (host: number, at: number): TelemetryEvent => ({
  '@timestamp': (beganMs + at * 7) * 1000,
  'event.action': at % 2 === 0 ? 'exec' : 'exit',
  'process.name': `worker-${at % 17}`,
  'process.pid': 1000 + (at % 30_000),
  'process.executable': `/usr/local/bin/worker-${at % 17}`,
  'process.command_line': `/usr/local/bin/worker-${at % 17} --queue jobs-${at % 7} --number ${host * 1_000_000 + at}`,
  'user.id': at % 3,
});

const send = async (telemetry: TelemetryFeature, hostId: string, frames: readonly Frame[]): Promise<void> => {
  await new Promise<void>((resolve, reject) => {
    let next = 0;
    const refuse = (text: string): void => reject(new Error(text));
    const intake = telemetry.port.open({
      hostId,
      skewMs: () => 0,
      note: refuse,
      refuse: (_code, detail) => refuse(detail),
      flow: ({ acked, limit }) => {
        if (acked === frames.length) {
          intake.close();
          resolve();
        }
        for (; next < Math.min(limit, frames.length); next += 1) {
          const frame = frames[next];
          if (frame !== undefined) intake.onFrame(frame.data, frame.header, Date.now());
        }
      },
      onFailed: reject,
    });
    intake.grant();
  });
};

/** CPU seconds of this process, and with its children but the database. */
const cpuOfUs = async (): Promise<{ readonly own: number; readonly all: number }> => {
  const { user, system } = process.cpuUsage();
  const own = (user + system) / 1e6;
  const ended = (await cpuSecondsOf(process.pid, true)) - (await sumOf(await childrenOf(process.pid)));
  const workers = (await childrenOf(process.pid)).filter((pid) => !isDatabase(pid));
  return { own, all: Math.max(own, ended) + (await sumOf(workers)) };
};

const sumOf = async (pids: readonly number[]): Promise<number> => {
  let sum = 0;
  for (const pid of pids) sum += await cpuSecondsOf(pid);
  return sum;
};

const isDatabase = (pid: number): boolean => readlinkSync(`/proc/${pid}/exe`).endsWith('/postgres');

const bytesOf = (folder: string): number =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.parquet'))
    .reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);

const round = (value: number): number => Math.round(value * 100) / 100;
