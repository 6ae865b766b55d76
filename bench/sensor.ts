import { type ChildProcess, spawn } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContainerRecord, Heartbeat } from '@parapet/contract/wire';
import { buildBusyboxImage, docker, dockerSocketPath, testLabel } from '@parapet/testkit';
import { keyPin } from '../apps/sensor/src/enrolment/certificate-request.ts';
import { type LocalConsole, startLocalConsole } from '../apps/sensor/src/uplink/testing/local-console.ts';
import { ensureBuilt, root } from '../tools/build.ts';

const flags = ['--max-semi-space-size=1', '--max-old-space-size=64'];
const restMs = Number(process.env['SENSOR_BENCH_REST_MS'] ?? 60_000);
const containers = 20;

/**
 * The built sensor beside a console's sensor port: memory and CPU at rest on this machine as it is, from a container's start
 * to its record at the console, and the memory of a scan of this host. Megabytes (10^6), milliseconds, cores.
 */
export const run = async (): Promise<Readonly<Record<string, number>>> => {
  await ensureBuilt(() => undefined);
  const stateDir = await mkdtemp(join(tmpdir(), 'parapet-bench-sensor-'));
  const console = await startLocalConsole({ heartbeatEveryMs: 5000 });
  const sensor = startSensor(console, stateDir);
  try {
    await until(() => console.stream.snapshots() > 0);
    const rest = await atRest(console, sensor.pid ?? 0);
    const starts = dockerSocketPath() === undefined ? {} : await containerStarts(console);
    return { ...rest, ...starts, ...(await scan(console, sensor.pid ?? 0)) };
  } finally {
    const ended = new Promise((resolve) => sensor.on('exit', resolve));
    sensor.kill('SIGTERM');
    await ended;
    await console.close();
    await rm(stateDir, { recursive: true, force: true });
  }
};

const startSensor = (console: LocalConsole, stateDir: string): ChildProcess =>
  spawn(process.execPath, [...flags, join(root, 'build/sensor.js')], {
    stdio: 'ignore',
    env: {
      DOCKER_HOST: process.env['DOCKER_HOST'],
      MALLOC_ARENA_MAX: '1',
      PARAPET_STATE_DIR: stateDir,
      PARAPET_CLOUD_METADATA: 'off',
      PARAPET_CONSOLE_URL: console.url,
      PARAPET_AUTHORITY_PIN: keyPin(new X509Certificate(console.authority.certificatePem).publicKey).toString('hex'),
      PARAPET_ENROLMENT_KEY: 'the-right-enrolment-key',
    },
  });

const atRest = async (console: LocalConsole, pid: number): Promise<Record<string, number>> => {
  await sleep(restMs);
  const beats = console.control.filter((message): message is Heartbeat => message.kind === 'heartbeat').slice(2);
  const { rss, anonymous } = await memoryOf(pid);
  return {
    records: console.stream.live().size,
    restRssMb: rss,
    restAnonymousMb: anonymous,
    restRssMbMax: Math.max(...beats.map(({ rssBytes }) => rssBytes)) / 1e6,
    restCores: round(beats.reduce((sum, { cpuCores }) => sum + cpuCores, 0) / Math.max(1, beats.length)),
  };
};

/** Started one after the other; the clock of both ends is this machine's. */
const containerStarts = async (console: LocalConsole): Promise<Record<string, number>> => {
  const image = await buildBusyboxImage();
  const delays: number[] = [];
  for (let at = 0; at < containers; at += 1) {
    const id = await docker('create', '--label', testLabel, image, 'sleep', '600');
    const find = (): ContainerRecord | undefined => {
      const json = console.stream.live().get(`container docker:${id}`);
      return json === undefined ? undefined : (JSON.parse(json) as ContainerRecord);
    };
    const starting = docker('start', id);
    await until(() => find()?.state === 'running', 1);
    delays.push(Date.now() - (find()?.startedAt ?? 0));
    await starting;
    await docker('rm', '-f', id);
  }
  delays.sort((left, right) => left - right);
  return { containerStartMsP50: delays[delays.length >> 1] ?? 0, containerStartMsMax: delays.at(-1) ?? 0 };
};

const scan = async (console: LocalConsole, pid: number): Promise<Record<string, number>> => {
  const taskId = crypto.randomUUID();
  const work = { kind: 'sbom', target: { kind: 'host' } } as const;
  const startedAt = performance.now();
  console.send('orders', { kind: 'task', taskId, deadline: Date.now() + 300_000, work });
  let peak = { rss: 0, anonymous: 0 };
  await until(async () => {
    const child = await childOf(pid);
    const seen = child === undefined ? undefined : await memoryOf(child).catch(() => undefined);
    if (seen !== undefined && seen.rss > peak.rss) peak = seen;
    return peak.rss > 0 && child === undefined;
  }, 5);
  return {
    scanMs: Math.round(performance.now() - startedAt),
    scanChildRssMb: peak.rss,
    scanChildAnonymousMb: peak.anonymous,
  };
};

const childOf = async (parent: number): Promise<number | undefined> => {
  const tasks = await readdir(`/proc/${parent}/task`);
  for (const task of tasks) {
    const children = await readFile(`/proc/${parent}/task/${task}/children`, 'utf8').catch(() => '');
    const first = Number(children.trim().split(' ')[0]);
    if (first > 0) return first;
  }
  return undefined;
};

const memoryOf = async (pid: number): Promise<{ rss: number; anonymous: number }> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const field = (name: string): number =>
    round((Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) * 1024) / 1e6);
  return { rss: field('VmRSS'), anonymous: field('RssAnon') };
};

const until = async (done: () => boolean | Promise<boolean>, everyMs = 20): Promise<void> => {
  const patience = performance.now() + 120_000;
  while (!(await done())) {
    if (performance.now() > patience) throw new Error('what the bench waits for did not happen');
    await sleep(everyMs);
  }
};
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
const round = (value: number): number => Math.round(value * 10_000) / 10_000;
