import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { InventoryRecord } from '@parapet/contract/wire';
import { execArgv } from '@parapet/core';
import type { SensorAnswer, SensorRequest } from './sensor-child.ts';

/**
 * Network namespaces of our own, wired as a test needs them. Their names carry this process's pid; all of it goes away with
 * the lab, also when a test fails half way.
 */
export type NetworkLab = {
  /** A namespace that plays a machine or a container; loopback is up. */
  readonly namespace: (name: string) => Promise<LabNamespace>;
  /** A cable between two of them; `undefined` is this machine itself. Addresses as `10.0.0.1/24`. */
  readonly cable: (one: LabEnd, other: LabEnd) => Promise<void>;
  readonly [Symbol.asyncDispose]: () => Promise<void>;
};

export type LabEnd = {
  readonly at: LabNamespace | undefined;
  readonly device: string;
  readonly addresses: readonly string[];
};

export type LabNamespace = {
  readonly name: string;
  /** `ip` inside. */
  readonly ip: (...words: readonly string[]) => Promise<void>;
  readonly nft: (rules: string) => Promise<void>;
  /** Answers TCP and UDP on a port with what it gets. */
  readonly serve: (options: ServeOptions) => Promise<LabProcess>;
  /** Sends one message and waits for the answer; stays connected for `holdMs`. */
  readonly talk: (options: TalkOptions) => Promise<LabProcess>;
  /** A sensor whose host this namespace is. */
  readonly sensor: (containers?: readonly LabContainer[]) => Promise<LabSensor>;
};

export type Placement = {
  /** Container ids, outermost first, whose control group the process is put in. */
  readonly containers?: readonly string[];
};
export type ServeOptions = Placement & {
  readonly protocol: 'tcp' | 'udp';
  readonly address: string;
  readonly port: number;
};
export type TalkOptions = ServeOptions & { readonly holdMs?: number };
export type LabProcess = { readonly pid: number; readonly ended: Promise<void>; readonly stop: () => void };
/** A container as a runtime would tell of it. */
export type LabContainer = {
  readonly id: string;
  readonly pid: number;
  readonly networks: readonly { readonly name: string; readonly address: string; readonly prefixLength: number }[];
};
export type LabSensor = {
  readonly records: () => Promise<readonly InventoryRecord[]>;
  readonly status: () => Promise<SensorAnswer['status']>;
};

export const labContainerId = (): string => randomBytes(32).toString('hex');

export const createNetworkLab = async (): Promise<NetworkLab> => {
  const undo: (() => Promise<void> | void)[] = [];
  const children = new Set<ChildProcess>();

  const start = (command: readonly string[], placement: Placement = {}): ChildProcess => {
    const group = placement.containers === undefined ? undefined : makeGroup(placement.containers, undo);
    // The shell puts itself into the group before it becomes the program, so that no child escapes.
    const argv =
      group === undefined ? command : ['sh', '-c', 'echo $$ > "$0"; exec "$@"', `${group}/cgroup.procs`, ...command];
    const [file = 'true', ...words] = argv;
    const child = spawn(file, words, { stdio: ['pipe', 'pipe', 'inherit'] });
    children.add(child);
    child.on('exit', () => children.delete(child));
    return child;
  };

  const namespace = async (short: string): Promise<LabNamespace> => {
    const name = `pt${process.pid}-${short}`;
    await must('ip', 'netns', 'add', name);
    undo.push(async () => {
      await execArgv(['ip', 'netns', 'del', name]);
    });
    const inside = (...words: readonly string[]): readonly string[] => ['ip', 'netns', 'exec', name, ...words];
    const ip = (...words: readonly string[]): Promise<void> => must('ip', '-n', name, ...words);
    await ip('link', 'set', 'lo', 'up');
    const play = async (role: 'serve' | 'talk', options: TalkOptions): Promise<LabProcess> => {
      const words = [role, options.protocol, options.address, String(options.port), String(options.holdMs ?? 0)];
      const child = start(inside(process.execPath, trafficScript, ...words), options);
      const ended = new Promise<void>((resolve) => child.on('exit', () => resolve()));
      await firstLine(child, `${role} ${options.address} ${options.port}`);
      return { pid: child.pid ?? 0, ended, stop: () => child.kill('SIGKILL') };
    };
    return {
      name,
      ip,
      nft: async (rules) => {
        const outcome = await execArgv(['ip', 'netns', 'exec', name, 'nft', '-f', '-'], { input: `${rules}\n` });
        if (outcome.exitCode !== 0) throw new Error(`nft failed: ${outcome.stderr}`);
      },
      serve: (options) => play('serve', options),
      talk: (options) => play('talk', options),
      sensor: async (containers = []) => createSensor(start(inside(process.execPath, sensorScript)), containers),
    };
  };

  return {
    namespace,
    cable: async (one, other) => {
      const ends = [one, other].map((end, index) => ({
        ...end,
        temporary: `pt${process.pid % 10_000}${randomBytes(2).toString('hex')}${index}`,
      }));
      const [left, right] = ends;
      await must('ip', 'link', 'add', left?.temporary ?? '', 'type', 'veth', 'peer', 'name', right?.temporary ?? '');
      for (const end of ends) {
        if (end.at === undefined) {
          undo.push(async () => {
            await execArgv(['ip', 'link', 'del', end.device]);
          });
        } else await must('ip', 'link', 'set', end.temporary, 'netns', end.at.name);
        const ip = end.at?.ip ?? ((...words: readonly string[]) => must('ip', ...words));
        await ip('link', 'set', end.temporary, 'name', end.device);
        for (const address of end.addresses)
          await ip('address', 'add', address, 'dev', end.device, ...(address.includes(':') ? ['nodad'] : []));
        await ip('link', 'set', end.device, 'up');
      }
    },
    [Symbol.asyncDispose]: async () => {
      // Groups and namespaces can only go once nobody is in them.
      await stopAll(children);
      for (const step of undo.reverse()) await step();
    },
  };
};

const trafficScript = new URL('traffic.ts', import.meta.url).pathname;
const sensorScript = new URL('sensor-child.ts', import.meta.url).pathname;

const stopAll = async (children: ReadonlySet<ChildProcess>): Promise<void> => {
  await Promise.all(
    [...children].map(
      (child) =>
        new Promise<void>((resolve) => {
          child.on('exit', () => resolve());
          child.kill('SIGKILL');
        }),
    ),
  );
};

const must = async (...argv: readonly [string, ...string[]]): Promise<void> => {
  const outcome = await execArgv(argv);
  if (outcome.exitCode !== 0) throw new Error(`${argv.join(' ')} failed: ${outcome.stderr.trim()}`);
};

const firstLine = (child: ChildProcess, what: string): Promise<string> =>
  new Promise((resolve, reject) => {
    child.on('exit', (code) => reject(new Error(`${what} ended with ${code} before it was ready`)));
    if (child.stdout !== null) createInterface({ input: child.stdout }).once('line', resolve);
  });

/** A control group as Docker makes them, on cgroup v2 or on the pids hierarchy of v1. */
const makeGroup = (containers: readonly string[], undo: (() => void)[]): string => {
  const base = existsSync('/sys/fs/cgroup/cgroup.controllers') ? '/sys/fs/cgroup' : '/sys/fs/cgroup/pids';
  let path = base;
  for (const part of containers.flatMap((id) => ['docker', id])) {
    path = `${path}/${part}`;
    if (existsSync(path)) continue;
    mkdirSync(path);
    const made = path;
    undo.push(() => {
      try {
        rmdirSync(made);
      } catch (error) {
        // A daemon may use the outer folder by now; ours are below it.
        process.stderr.write(`${made} stays: ${String(error)}\n`);
      }
    });
  }
  return path;
};

const createSensor = async (child: ChildProcess, containers: readonly LabContainer[]): Promise<LabSensor> => {
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error('The sensor has no pipes.');
  const waiting: PromiseWithResolvers<SensorAnswer>[] = [];
  createInterface({ input: stdout }).on('line', (line) => waiting.shift()?.resolve(JSON.parse(line) as SensorAnswer));
  child.on('exit', (code) => {
    for (const { reject } of waiting) reject(new Error(`The sensor ended with ${code}.`));
  });
  const ask = (request: SensorRequest): Promise<SensorAnswer> => {
    const answer = Promise.withResolvers<SensorAnswer>();
    waiting.push(answer);
    stdin.write(`${JSON.stringify(request)}\n`);
    return answer.promise;
  };
  await ask({ containers });
  return { records: async () => (await ask({})).records, status: async () => (await ask({})).status };
};
