import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdir, readFile } from 'node:fs/promises';
import { request as httpRequest } from 'node:http';
import { join } from 'node:path';
import { ChildMessage, controlRoutes, controlSocketPath, LocalEnrolment } from '@parapet/contract/control';
import { sourcesEnvironment } from '@parapet/testkit';
import { FleetSettings, FleetStatus } from '../../../apps/sensor/src/fleet/settings.ts';

const sources = join(import.meta.dirname, '../../../apps');
const nodeFlags = ['--disable-warning=ExperimentalWarning'];

/** A whole console with its embedded database, in a process that may be killed. */
export type ConsoleProcess = {
  readonly pid: number;
  readonly url: string;
  readonly readyMs: number;
  readonly kill: () => Promise<void>;
  /** Ends it as Ctrl-C does, its database with it. */
  readonly stop: () => Promise<void>;
};

export const startConsoleProcess = async (options: {
  readonly dataDir: string;
  readonly port: number;
  /** Flags for its Node, e.g. to profile. */
  readonly nodeFlags?: readonly string[];
  /** By how many milliseconds its clock is set with each SIGUSR2. */
  readonly clockSteps?: readonly number[];
}): Promise<ConsoleProcess> => {
  const startedAt = performance.now();
  const child = spawn(
    process.execPath,
    [...nodeFlags, ...clockFlags(options), ...(options.nodeFlags ?? []), join(sources, 'console/src/main.ts')],
    {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
      env: {
        ...sourcesEnvironment,
        PARAPET_DATA_DIR: options.dataDir,
        PARAPET_HOST: '127.0.0.1',
        PARAPET_PORT: String(options.port),
        PARAPET_LOG_LEVEL: 'warn',
        ...clockEnvironment(options),
      },
    },
  );
  const url = await new Promise<string>((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`The console ended with ${code} before it was ready.`)));
    child.on('message', (raw) => {
      const message = ChildMessage.parse(raw);
      if (message.kind === 'ready') resolve(message.addresses[0] ?? '');
      if (message.kind === 'failed') reject(new Error(message.message));
    });
  });
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  return {
    pid: child.pid ?? 0,
    url,
    readyMs: performance.now() - startedAt,
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
};

type ClockSteps = { readonly clockSteps?: readonly number[] };

const clockFlags = ({ clockSteps }: ClockSteps): readonly string[] =>
  clockSteps === undefined ? [] : ['--import', join(import.meta.dirname, 'set-clock.ts')];

const clockEnvironment = ({ clockSteps }: ClockSteps): Readonly<Record<string, string>> =>
  clockSteps === undefined ? {} : { CLOCK_STEPS: clockSteps.join(',') };

/** Asks the console of a data folder for an enrolment key of a zone. */
export const askForKey = async (dataDir: string, zone: string): Promise<LocalEnrolment> => {
  const { method, path } = controlRoutes.enrolmentKey;
  const text = await new Promise<string>((resolve, reject) => {
    const outgoing = httpRequest(
      { socketPath: join(dataDir, controlSocketPath), method, path, headers: { 'content-type': 'application/json' } },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
      },
    );
    outgoing.on('error', reject);
    outgoing.end(JSON.stringify({ name: zone, zone, labels: { simulated: 'true' }, hours: 2 }));
  });
  return LocalEnrolment.parse(JSON.parse(text));
};

/** A process of simulated sensors. */
export type FleetProcess = {
  readonly pid: number;
  /** The latest status. */
  readonly status: () => FleetStatus;
  readonly hush: () => void;
  readonly kill: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

export const startFleetProcess = (
  settings: Partial<FleetSettings> & Record<string, unknown>,
  options: ClockSteps = {},
): FleetProcess => {
  const checked = FleetSettings.parse(settings);
  const child = spawn(
    process.execPath,
    [...nodeFlags, ...clockFlags(options), join(sources, 'sensor/src/fleet/main.ts'), JSON.stringify(checked)],
    {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
      env: { ...sourcesEnvironment, ...clockEnvironment(options) },
    },
  );
  let status: FleetStatus = {
    kind: 'status',
    sensors: checked.to - checked.from,
    enrolled: 0,
    connected: 0,
    drained: 0,
    acknowledgedFrames: 0,
    producedEvents: 0,
    hushed: false,
  };
  child.on('message', (raw) => {
    status = FleetStatus.parse(raw);
  });
  return {
    pid: child.pid ?? 0,
    status: () => {
      if (status.problem !== undefined) throw new Error(`The fleet is in trouble: ${status.problem}`);
      if (child.exitCode !== null) throw new Error(`The fleet ended with ${child.exitCode}.`);
      return status;
    },
    hush: () => void child.send({ kind: 'hush' }),
    kill: () => endOf(child, 'SIGKILL'),
    stop: () => endOf(child, 'SIGTERM'),
  };
};

const endOf = async (child: ChildProcess, signal: NodeJS.Signals): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill(signal);
  await exited;
};

/** CPU seconds of a process so far; with those of its children, ended ones included, where asked. */
export const cpuSecondsOf = async (pid: number, withChildren = false): Promise<number> => {
  const own = ticksOf(await statOf(pid), withChildren);
  if (!withChildren) return own / 100;
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8').catch(() => '');
  const ticks = await Promise.all(
    children
      .split(' ')
      .filter((text) => text.trim() !== '')
      .map(async (child) => ticksOf(await statOf(Number(child)), false)),
  );
  return (own + ticks.reduce((sum, value) => sum + value, 0)) / 100;
};

const statOf = async (pid: number): Promise<readonly string[]> =>
  (await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')).replace(/^.*\) /s, '').split(' ');

/** utime and stime; cutime and cstime are those of children that ended. */
const ticksOf = (fields: readonly string[], withEnded: boolean): number =>
  fields.slice(11, withEnded ? 15 : 13).reduce((sum, field) => sum + (Number(field) || 0), 0);

/** The server of an embedded database: its pid and where it listens. */
export const readPostmaster = async (dataDir: string): Promise<{ pid: number; port: number; socketDir: string }> => {
  const lines = (await readFile(join(dataDir, 'postgres/data/postmaster.pid'), 'utf8')).split('\n');
  return { pid: Number(lines[0]), port: Number(lines[3]), socketDir: lines[4]?.trim() ?? '' };
};

/** Resident memory in MB, with what is shared counted by its share. */
export const memoryMb = async (pids: readonly number[]): Promise<{ rssMb: number; pssMb: number }> => {
  const sum = { rssMb: 0, pssMb: 0 };
  for (const pid of pids) {
    const text = await readFile(`/proc/${pid}/smaps_rollup`, 'utf8').catch(() => '');
    const field = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0) / 1024;
    sum.rssMb += field('Rss');
    sum.pssMb += field('Pss');
  }
  return sum;
};

export const childrenOf = async (parent: number): Promise<readonly number[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const parents = await Promise.all(pids.map(async (pid) => Number((await statOf(pid))[1])));
  return pids.filter((_, at) => parents[at] === parent);
};
