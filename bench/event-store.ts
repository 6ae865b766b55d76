import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import type { Console } from '../apps/console/src/context/console.ts';
import { createGraphFixture } from '../apps/console/src/graph/testing/graph-fixture.ts';
import { startTestConsole } from '../apps/console/src/testing/test-console.ts';
import { encodeFrame } from '../packages/contract/src/wire/index.ts';
import { systemClock } from '../packages/core/src/index.ts';
import { childrenOf, cpuSecondsOf, memoryMb } from '../tests/support/fleet/processes.ts';
import { copyHours } from './event-store/copy-hours.ts';
import { containerId, plausibleEvent } from './event-store/plausible-events.ts';

/**
 * Events from the wire to the answer of a hunt: what an event costs the console until it is acknowledged (on the disk) and, with its
 * child and the database, until it can be found; what it takes on the disk; how long a hunt for one container over one hour lasts.
 * The network and its encryption are not in it. `--million N` makes the store that large before it is searched: with copies of
 * the hour that came over the wire, each an hour earlier and of other containers.
 */
export const run = async (args: readonly string[]): Promise<Readonly<Record<string, number>>> => {
  const { values } = parseArgs({
    args: [...args],
    options: { thousand: { type: 'string', default: '1000' }, million: { type: 'string', default: '0' } },
  });
  const told = Number(values.thousand) * 1000;
  await using running = await startTestConsole();
  const { telemetry, platform } = running.console;
  const startMs = systemClock.now() - 3_600_000;
  const graph = createGraphFixture(platform.db, new Date(startMs - 86_400_000 * 30));
  const eventsEach = told / hosts;
  const streams = [];
  for (let host = 0; host < hosts; host += 1)
    streams.push({
      id: await graph.host(`host-${host}`),
      frames: framesOf({ host, containers, startUs: startMs * 1000, stepUs: 3_600_000_000 / eventsEach }, eventsEach),
    });
  const wireBytes = streams.reduce((sum, { frames }) => sum + frames.reduce((of, frame) => of + frame.length, 0), 0);

  const [before, consoleBefore] = [await cpuMsOfAll(), await cpuMsOfConsole()];
  const beganAt = performance.now();
  await Promise.all(streams.map(({ id, frames }) => tell(telemetry, id, frames)));
  const acceptMs = (await cpuMsOfConsole()) - consoleBefore;
  await telemetry.store.settle();
  const tookMs = performance.now() - beganAt;
  const storeMs = (await cpuMsOfAll()) - before;
  const stored = await telemetry.store.totals();
  const rows = await copyHours(running.console, Number(values.million) * 1_000_000);

  return {
    hosts,
    told,
    stored: stored.rows,
    wireBytesPerEvent: wireBytes / told,
    storedBytesPerEvent: stored.bytes / stored.rows,
    acknowledgedPerCpuSecond: told / (acceptMs / 1000),
    storedPerCpuSecond: told / (storeMs / 1000),
    storedPerSecond: told / (tookMs / 1000),
    rowsSearched: rows,
    ...(await hunts(running.console, startMs)),
  };
};

const hosts = 20;
const containers = 15;
const linesPerFrame = 400;

const framesOf = (of: Parameters<typeof plausibleEvent>[0], count: number): readonly Buffer[] => {
  const frames: Buffer[] = [];
  for (let from = 0; from < count; from += linesPerFrame) {
    const lines = Array.from({ length: Math.min(linesPerFrame, count - from) }, (_, index) =>
      JSON.stringify({ kind: 'event', event: plausibleEvent(of, from + index) }),
    );
    frames.push(
      encodeFrame({ channel: 'telemetry', epoch: 1, seq: frames.length + 1, body: Buffer.from(lines.join('\n')) }),
    );
  }
  return frames;
};

/** Sends as a sensor does: as many frames at once as the console granted. */
const tell = ({ port }: Console['telemetry'], hostId: string, frames: readonly Buffer[]): Promise<void> =>
  new Promise((resolve, reject) => {
    let sent = 0;
    const intake = port.open({
      hostId,
      skewMs: () => 0,
      note: (code) => reject(new Error(code)),
      refuse: (code, detail) => reject(new Error(`${code}: ${detail}`)),
      onFailed: reject,
      flow: ({ acked, limit }) => {
        if (acked >= frames.length) resolve();
        while (sent < Math.min(limit, frames.length)) {
          const data = frames[sent];
          sent += 1;
          if (data !== undefined) setImmediate(onFrame, data, sent);
        }
      },
    });
    const onFrame = (data: Buffer, seq: number): void =>
      intake.onFrame(data, { channel: 'telemetry', epoch: 1, seq, compressed: true }, systemClock.now());
    intake.grant();
  });

/** Milliseconds, of twenty hunts each after one that does not count: for one container of an hour, and for a word in all of it. */
const hunts = async ({ telemetry }: Console, startMs: number): Promise<Readonly<Record<string, number>>> => {
  const hour = { since: new Date(startMs).toISOString(), until: new Date(startMs + 3_600_000).toISOString() };
  const asked = {
    container: `container.id = "${containerId(3, 2)}"`,
    containerStarts: `container.id = "${containerId(3, 2)}" and event.action = exec and process.name = "curl"`,
    rareWord: 'process.exit_code = 1 and user.id = 0',
  };
  const figures: Record<string, number> = {};
  for (const [name, q] of Object.entries(asked)) {
    const times: number[] = [];
    for (let time = 0; time <= 20; time += 1) {
      const beganAt = performance.now();
      const { items } = await telemetry.hunts.events({ ...hour, q, limit: 500 }, null);
      if (items.length === 0) throw new Error(`The hunt ${q} found nothing: what was measured is no search.`);
      if (time > 0) times.push(performance.now() - beganAt);
    }
    times.sort((a, b) => a - b);
    figures[`${name}P50Ms`] = times[Math.floor(times.length / 2)] ?? 0;
    figures[`${name}MaxMs`] = times.at(-1) ?? 0;
  }
  const workers = (await descendantsOf(process.pid)).filter(isWorker);
  return { ...figures, workersRssMb: (await memoryMb(workers)).rssMb };
};

/** CPU milliseconds of this process and of all that it started and that still runs, the database included. */
const cpuMsOfAll = async (): Promise<number> =>
  1000 * (await sumOf([process.pid, ...(await descendantsOf(process.pid))], (pid) => cpuSecondsOf(pid)));

const cpuMsOfConsole = async (): Promise<number> => 1000 * (await cpuSecondsOf(process.pid));

const sumOf = async (pids: readonly number[], of: (pid: number) => Promise<number>): Promise<number> =>
  (await Promise.all(pids.map(of))).reduce((sum, value) => sum + value, 0);

const descendantsOf = async (pid: number): Promise<readonly number[]> => {
  const children = await childrenOf(pid);
  return [...children, ...(await Promise.all(children.map(descendantsOf))).flat()];
};

const isWorker = (pid: number): boolean => readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('telemetry-worker');
