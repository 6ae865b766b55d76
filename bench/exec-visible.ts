import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { type ConsoleApi, signInFirstAdmin } from '../tests/support/console-api.ts';
import { makeDataDir, removeDataDir, startParapet } from '../tests/support/parapet.ts';
import { createStarter } from './telemetry/start-program.ts';
import { writeTinyProgram } from './telemetry/tiny-program.ts';

/**
 * From the start of a program that lives a millisecond, by the clock of this machine, until a hunt for it over the API finds it: `--rounds`
 * (100) of them, one after the other, each at another moment of the sensor's and the store's own rhythm. The hunts that find nothing yet are
 * part of the load, as somebody's live tail would be. Needs root.
 */
export const run = async (args: readonly string[]): Promise<Readonly<Record<string, number>>> => {
  const { values } = parseArgs({ args: [...args], options: { rounds: { type: 'string', default: '100' } } });
  // The console made its certificate a moment ago; whether it is checked is not what is measured.
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  const folder = await mkdtemp(join(tmpdir(), 'parapet-visible-'));
  const dataDir = await makeDataDir();
  const program = join(folder, 'tiny');
  writeTinyProgram(program);
  const start = createStarter(program);
  const running = await startParapet({ dataDir });
  try {
    const api = await signInFirstAdmin(running);
    await untilSeen(api, start, program);
    // What searches is started with the first search.
    for (let warm = 0; warm < 5; warm += 1) await visibleAfter(api, start, program, `warm-${warm}`);
    const latencies: number[] = [];
    let hunts = 0;
    for (let round = 0; round < Number(values.rounds); round += 1) {
      await sleep((round * 37) % 500);
      const visible = await visibleAfter(api, start, program, `round-${round}`);
      latencies.push(visible.afterMs);
      hunts += visible.hunts;
    }
    latencies.sort((a, b) => a - b);
    const at = (share: number): number =>
      Math.round(latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? 0);
    return { rounds: latencies.length, hunts, p50Ms: at(0.5), p90Ms: at(0.9), p99Ms: at(0.99), maxMs: at(1) };
  } finally {
    await running.stop();
    await removeDataDir(dataDir);
    await rm(folder, { recursive: true, force: true });
  }
};

const patienceMs = 120_000;
const askEveryMs = 25;

type Start = (args: readonly string[]) => boolean;

/** The sensor comes up beside the console and looks at its host first: what is started before is not told. */
const untilSeen = async (api: ConsoleApi, start: Start, program: string): Promise<void> => {
  const startedAt = performance.now();
  for (let at = 0; performance.now() - startedAt < patienceMs; at += 1) {
    start([`before-${at}`]);
    await sleep(1000);
    if (await isFound(api, `process.executable = "${program}"`)) return;
  }
  throw new Error('a hunt did not find any start of the program');
};

const visibleAfter = async (
  api: ConsoleApi,
  start: Start,
  program: string,
  name: string,
): Promise<{ readonly afterMs: number; readonly hunts: number }> => {
  if (!start([name])) throw new Error('the program could not be started');
  const startedAt = performance.now();
  for (let hunts = 1; performance.now() - startedAt < patienceMs; hunts += 1) {
    if (await isFound(api, `process.executable = "${program}" and process.args = "${name}"`))
      return { afterMs: performance.now() - startedAt, hunts };
    await sleep(askEveryMs);
  }
  throw new Error('a hunt did not find the start of a program');
};

const isFound = async (api: ConsoleApi, q: string): Promise<boolean> => {
  const [since, until] = [-300_000, 60_000].map((ms) => new Date(Date.now() + ms).toISOString());
  const query = new URLSearchParams({ q, since: since ?? '', until: until ?? '', limit: '1' });
  const { items } = await api(`/api/v1/hunt/events?${query}`);
  return (items?.length ?? 0) > 0;
};
