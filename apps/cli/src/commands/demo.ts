import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { AppError, programVersion } from '@parapet/core';
import { planWorld } from '@parapet/sensor/fleet';
import { type Command, InvalidArgumentError } from 'commander';
import { type ControlClient, createControlClient } from '../control/control-client.ts';
import { makeDemoBundle } from '../demo/advisories.ts';
import { type FleetChild, startFleetChild } from '../demo/fleet-child.ts';
import { accent, bold, createOutput, dim, type Output } from '../output/print.ts';
import { programDir } from '../settings.ts';
import { makePlan } from '../up/plan.ts';
import { supervise } from '../up/supervisor.ts';
import { parsePort } from './port.ts';

type Options = {
  readonly dataDir?: string;
  readonly host: string;
  readonly port?: number;
  readonly hosts: number;
  readonly seed: string;
  readonly advisories: boolean;
};

export const addDemoCommand = (program: Command): void => {
  program
    .command('demo')
    .description('start a console with a simulated fleet, to look around; Ctrl-C ends it and leaves nothing')
    .option('--data-dir <dir>', 'keep everything in this folder (default: a temporary one, removed at the end)')
    .option('--host <address>', 'address to listen on', '127.0.0.1')
    .option('--port <n>', 'port (default: a free one)', parsePort)
    .option('--hosts <n>', 'simulated hosts, 5 to 2000', parseHosts, 60)
    .option('--seed <text>', 'the same seed makes the same company', 'demo')
    .option('--no-advisories', 'without the invented advisories, to import real ones')
    .action((options: Options) => demo(options, createOutput(false)));
};

const parseHosts = (text: string): number => {
  const hosts = Number(text);
  if (!Number.isInteger(hosts) || hosts < 5 || hosts > 2000) {
    throw new InvalidArgumentError('A number of hosts from 5 to 2000.');
  }
  return hosts;
};

/** Hours of the company's past that are told. */
const historyMs = 6 * 3_600_000;
const detailedMs = 10 * 60_000;
/** Of their events, of sixty hosts; many more tell less of it, so that as many events come at once. */
const eventsMs = 2 * 3_600_000;
/** The last host falls silent after this time, for all to see what that looks like. */
const silentAfterMs = 90_000;

const demo = async (options: Options, output: Output): Promise<void> => {
  output.line(`${bold(`Parapet ${programVersion}`)}, a demo: hosts and advisories are invented`);
  const stop = Promise.withResolvers<string>();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.resolve(''));
  await using stack = new AsyncDisposableStack();
  const temporary = options.dataDir === undefined ? await makeTemporary() : undefined;
  if (temporary !== undefined) stack.defer(() => rm(temporary, { recursive: true, force: true }));
  const dataDir = resolve(options.dataDir ?? temporary ?? '');
  const port = options.port ?? (await freePort());
  const plan = await makePlan({ dataDir, host: options.host, port }, programDir(), output.step);
  const console = supervise(plan.console, {
    onMessage: (_name, message) => {
      if (message.kind === 'step') output.step(message.text);
    },
    onRestart: (name, reason) => output.line(`The ${name} ended (${reason}) and is started again.`),
  });
  stack.defer(async () => {
    output.step('Stopping');
    await console.stop(30_000);
  });
  console.givenUp.then(stop.resolve, stop.resolve);
  const [address] = await Promise.race([console.ready, stop.promise.then(() => [] as readonly string[])]);
  if (address !== undefined) {
    const control = createControlClient(dataDir);
    if (options.advisories)
      await control.upload('feedsImport', Readable.from([makeDemoBundle(Date.now() - historyMs)]));
    const fleet = await startFleet(options, control, dataDir, address);
    stack.defer(async () => void (await Promise.all(fleet.map((part) => part.stop(10_000)))));
    for (const part of fleet) part.ended.then(stop.resolve, stop.resolve);
    await greet(output, control, options, address);
    tellProgress(output, fleet, options.hosts);
  }
  const sentence = await stop.promise;
  if (sentence !== '') throw new AppError('failed', 500, sentence);
};

/** Two processes: all hosts but one, and the one that will fall silent. */
const startFleet = async (
  { hosts, seed }: Options,
  control: ControlClient,
  dataDir: string,
  consoleUrl: string,
): Promise<readonly FleetChild[]> => {
  const keys: Record<string, string> = {};
  let authorityPin = '';
  for (const zone of new Set(planWorld(seed, hosts).hosts.map((host) => host.site.zone))) {
    const asked = { name: `Demo, ${zone}`, zone, labels: { simulated: 'true', site: zone }, hours: 24 };
    const answer = await control.call('enrolmentKey', asked);
    keys[zone] = answer.key;
    authorityPin = answer.authorityPin;
  }
  const now = Date.now();
  const common = {
    ...{ consoleUrl, authorityPin, keys, seed, sensors: hosts, beganAtMs: now - historyMs },
    ...{
      detailedFromMs: now - detailedMs,
      eventsFromMs: now - Math.round(eventsMs * Math.min(1, 60 / hosts)),
      pace: 2,
    },
  };
  const silent = hosts - 2;
  const part = (name: string, from: number, to: number, losing: readonly number[] = []): FleetChild =>
    startFleetChild(programDir(), { ...common, from, to, losing, workDir: join(dataDir, `fleet-${name}`) });
  const last = part('silent', silent, silent + 1);
  setTimeout(last.kill, silentAfterMs).unref();
  return [part('most', 0, silent, [2]), last, part('rest', silent + 1, hosts)];
};

const makeTemporary = async (): Promise<string> => {
  const folder = await mkdtemp(join(tmpdir(), 'parapet-demo-'));
  // The console's own user passes through it, as through any data folder.
  if (process.getuid?.() === 0) await chmod(folder, 0o711);
  return folder;
};

/** A demo beside a real console must not take its port. */
const freePort = (): Promise<number> =>
  new Promise((resolvePort, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (typeof address === 'object' && address !== null) resolvePort(address.port);
        else reject(new Error('There is no free port.'));
      });
    });
  });

const greet = async (output: Output, control: ControlClient, options: Options, address: string): Promise<void> => {
  const row = (name: string, text: string): void => output.line(`  ${dim(name.padEnd(12))} ${text}`);
  output.line();
  row('open', accent(address));
  const status = await control.call('status');
  if (status.firstAdminNeeded) row('first admin', bold((await control.call('adminLink')).url));
  row('data', options.dataDir === undefined ? 'temporary, removed at the end' : resolve(options.dataDir));
  row('stop', 'Ctrl-C');
  output.line();
};

const tellProgress = (output: Output, fleet: readonly FleetChild[], hosts: number): void => {
  const there = fleet.map(() => 0);
  let told = false;
  for (const [at, part] of fleet.entries()) {
    part.onStatus(({ connected, problem }) => {
      there[at] = connected;
      const sum = there.reduce((total, count) => total + count, 0);
      if (problem !== undefined) output.line(`The simulated fleet is in trouble: ${problem}`);
      if (told || sum < hosts) return;
      told = true;
      output.step(`Ready: ${hosts} simulated hosts are there. One of them falls silent soon; one loses events.`);
    });
  }
};
