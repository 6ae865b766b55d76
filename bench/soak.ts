import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { ResultOf } from '@parapet/contract/api';
import { defaultWatchedPaths } from '../apps/sensor/src/collectors/files/watched-paths.ts';
import { scanChildArgument } from '../apps/sensor/src/tasks/scan-job.ts';
import { type ConsoleApi, signInFirstAdmin } from '../tests/support/console-api.ts';
import { memoryOfTree } from '../tests/support/memory.ts';
import { makeDataDir, type RunningParapet, removeDataDir, startParapet } from '../tests/support/parapet.ts';
import type { Load } from './soak/load-message.ts';
import { curveOf, type Sample } from './soak/memory-curve.ts';
import { writeTinyProgram } from './telemetry/tiny-program.ts';

/**
 * A console and a sensor of this host for `--minutes` (60) under a steady load: memory and processor time over time, and what became
 * of the events. All of this machine counts, whoever does it; `started` against `startsStored` is the bench's own load, to the last
 * one. Megabytes are 10^6; memory is as the kernel tells it (smaps_rollup). Needs root. Progress goes to standard error.
 */
export const run = async (args: readonly string[]): Promise<Readonly<Record<string, number | string>>> => {
  const { values } = parseArgs({
    args: [...args],
    options: {
      minutes: { type: 'string', default: '60' },
      starts: { type: 'string', default: '100' },
      connections: { type: 'string', default: '5' },
      files: { type: 'string', default: '5' },
    },
  });
  // The console made its certificate a moment ago; whether it is checked is not what is measured.
  process.env['NODE_TLS_REJECT_UNAUTHORIZED'] = '0';
  const folder = await mkdtemp(join(tmpdir(), 'parapet-soak-'));
  const dataDir = await makeDataDir();
  const program = join(folder, 'tiny');
  writeTinyProgram(program);
  const running = await startParapet({
    dataDir,
    env: { PARAPET_WATCHED_PATHS: [folder, ...defaultWatchedPaths].join() },
  });
  try {
    const api = await signInFirstAdmin(running);
    const since = new Date();
    await watchedBy(api, folder);
    const child = fork(
      join(import.meta.dirname, 'soak/load.ts'),
      [program, folder, values.starts, values.connections, values.files],
      { execArgv: ['--disable-warning=ExperimentalWarning', '--max-semi-space-size=1'] },
    );
    try {
      const figures = await follow(running, Number(values.minutes) * 60_000);
      child.send('stop');
      const [load] = (await once(child, 'message')) as [Load];
      return { minutes: Number(values.minutes), ...figures, ...(await account(api, since, { program, folder, load })) };
    } finally {
      child.kill('SIGKILL');
    }
  } finally {
    await running.stop();
    await removeDataDir(dataDir);
    await rm(folder, { recursive: true, force: true });
  }
};

const sampleEveryMs = 10_000;
const patienceMs = 180_000;

/** A file of ours that was seen: from then on all are. */
const watchedBy = async (api: ConsoleApi, folder: string): Promise<void> => {
  const until = performance.now() + patienceMs;
  const since = new Date();
  for (let at = 0; performance.now() < until; at += 1) {
    await writeFile(join(folder, `before-${at}`), '');
    await sleep(2000);
    if ((await count(api, since, `file.path = "${folder}/before-*"`)) > 0) return;
  }
  throw new Error('no change of a file in the folder of the bench was told');
};

type Group = 'sensor' | 'scan' | 'console' | 'worker' | 'database';

const groupOf = (command: string): Group | undefined => {
  if (command.includes('/sensor.js')) return command.endsWith(scanChildArgument) ? 'scan' : 'sensor';
  if (command.includes('/console.js')) return 'console';
  if (command.includes('telemetry-worker')) return 'worker';
  return command.startsWith('postgres') || command.includes('/bin/postgres') ? 'database' : undefined;
};

/** Watches for so long; a process that was started anew shows as one more. */
const follow = async (running: RunningParapet, forMs: number): Promise<Readonly<Record<string, number | string>>> => {
  const startedAt = performance.now();
  const memory = new Map<string, Sample[]>();
  const pids = new Map<string, Group>();
  const cpuAtStart = new Map<Group, number>();
  const note = (name: string, value: number): void => {
    const samples = memory.get(name) ?? [];
    samples.push({ atMs: performance.now() - startedAt, value });
    memory.set(name, samples);
  };
  let cpu = new Map<Group, number>();
  do {
    await sleep(Math.min(sampleEveryMs, startedAt + forMs - performance.now()));
    const sums = new Map<string, number>();
    const add = (name: string, value: number): void => void sums.set(name, (sums.get(name) ?? 0) + value);
    cpu = new Map();
    for (const { pid, command, rssMib, pssMib, anonymousMib } of await memoryOfTree(running.pid)) {
      const group = groupOf(command);
      if (group === undefined) continue;
      pids.set(`${pid}`, group);
      const shared = group === 'database' || group === 'worker';
      add(`${group}${shared ? 'Pss' : 'Rss'}`, shared ? pssMib : rssMib);
      add(`${group}Anonymous`, anonymousMib);
      cpu.set(group, (cpu.get(group) ?? 0) + (await cpuSecondsOf(pid)));
    }
    for (const [name, mib] of sums) note(name, (mib * 2 ** 20) / 1e6);
    for (const [group, seconds] of cpu) if (!cpuAtStart.has(group)) cpuAtStart.set(group, seconds);
    const now = [...sums].map(([name, mib]) => `${name} ${Math.round(mib)}`).join(', ');
    process.stderr.write(`${Math.round((performance.now() - startedAt) / 1000)} s: ${now} (MiB)\n`);
  } while (performance.now() - startedAt < forMs);
  const seconds = (performance.now() - startedAt) / 1000;
  const cores = (group: Group): number =>
    Math.round((((cpu.get(group) ?? 0) - (cpuAtStart.get(group) ?? 0)) / seconds) * 1e4) / 1e4;
  return {
    sensorProcesses: [...pids.values()].filter((group) => group === 'sensor').length,
    consoleProcesses: [...pids.values()].filter((group) => group === 'console').length,
    sensorCores: cores('sensor'),
    consoleCores: cores('console'),
    ...Object.assign({}, ...[...memory].map(([name, samples]) => figuresOf(name, samples))),
  };
};

const figuresOf = (name: string, samples: readonly Sample[]): Readonly<Record<string, number | string>> => {
  const { firstThird, lastThird, perHour, max, shape } = curveOf(samples);
  return {
    [`${name}Mb`]: `first third ${tenths(firstThird)}, last third ${tenths(lastThird)}, ${tenths(perHour)} an hour, at most ${tenths(max)}`,
    [`${name}CurveMb`]: shape.map((value) => value.toFixed(1)).join(' '),
  };
};
const tenths = (value: number): string => value.toFixed(1);

/** User and system time of a process in seconds, its ended children left out (proc_pid_stat(5)); 0 when it is gone. */
const cpuSecondsOf = async (pid: number): Promise<number> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / 100;
};

/** The accounts of the sensor against what the store has, and the bench's own load against both. */
const account = async (
  api: ConsoleApi,
  since: Date,
  { program, folder, load }: { readonly program: string; readonly folder: string; readonly load: Load },
): Promise<Readonly<Record<string, number | string>>> => {
  const hostId = ((await api('/api/v1/sensors')).items[0]?.hostId ?? '') as string;
  const until = new Date();
  const span = `since=${since.toISOString()}&until=${until.toISOString()}`;
  const read = async (): Promise<ResultOf<'hunt.accounts'>> => api(`/api/v1/hunt/accounts/${hostId}?${span}`);
  const ours = {
    starts: () => count(api, since, `event.action = exec and process.executable = "${program}"`),
    files: () => count(api, since, `event.action = file-rename and file.path = "${folder}/file-*"`),
  };
  // What was told last is still on its way to where hunts find it.
  const patience = performance.now() + patienceMs;
  while ((await ours.starts()) < load.starts && performance.now() < patience) await sleep(2000);
  const { collectors, blind } = await read();
  const sum = (of: (one: (typeof collectors)[number]) => number): number =>
    collectors.reduce((total, one) => total + of(one), 0);
  const losses = collectors.flatMap((one) =>
    one.losses.map(({ stage, cause, count: lost }) => [`lost: ${one.collector}: ${stage}: ${cause}`, lost] as const),
  );
  return {
    started: load.starts,
    startsStored: await ours.starts(),
    filesRenamed: load.files,
    renamesStored: await ours.files(),
    connectionsMade: load.connections,
    produced: sum((one) => one.produced),
    told: sum((one) => one.told),
    unwanted: sum((one) => one.unwanted),
    lost: sum((one) => one.lost),
    unexplained: sum((one) => one.produced - one.told - one.unwanted - one.lost),
    stored: await count(api, since, '', until),
    blindSpans: blind.length,
    ...Object.fromEntries(losses),
  };
};

const count = async (api: ConsoleApi, since: Date, q: string, until = new Date()): Promise<number> => {
  const query = new URLSearchParams({ since: since.toISOString(), until: until.toISOString(), q });
  return (await api(`/api/v1/hunt/histogram?${query}`)).total ?? 0;
};
