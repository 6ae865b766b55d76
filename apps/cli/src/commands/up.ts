import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { ChildMessage } from '@parapet/contract/control';
import { AppError, messageOf, programVersion } from '@parapet/core';
import type { Command } from 'commander';
import { createControlClient } from '../control/control-client.ts';
import { accent, bold, createOutput, dim, type Output } from '../output/print.ts';
import { dataDirOption, programCall, programDir } from '../settings.ts';
import { makePlan, type Plan } from '../up/plan.ts';
import { type Supervised, supervise } from '../up/supervisor.ts';
import { addConsoleOptions, type ConsoleOptions } from './console.ts';

type Options = ConsoleOptions & { readonly sensor: boolean };

export const addUpCommand = (program: Command): void => {
  addConsoleOptions(
    program.command('up').description('start the console and the sensor of this machine; Ctrl-C stops both'),
  )
    .option('--no-sensor', 'start the console alone')
    .action((options: Options) => up(options, createOutput(false)));
};

const up = async (options: Options, output: Output): Promise<void> => {
  const startedAt = performance.now();
  const dataDir = resolve(options.dataDir);
  output.line(`${bold(`Parapet ${programVersion}`)}`);
  const stop = Promise.withResolvers<string>();
  // Not `once`: a terminal's Ctrl-C comes here and again from the processes above, which pass theirs on; the second one
  // would end this process before its children.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stop.resolve(''));
  const plan = await makePlan({ ...options, dataDir }, programDir(), output.step);
  for (const note of plan.notes) output.line(note);

  const deps = {
    onMessage: (name: string, message: ChildMessage) => tell(output, name, message),
    onRestart: (name: string, reason: string, delayMs: number) =>
      output.line(
        `The ${name} ended (${reason}) and is started again in ${(delayMs / 1000).toFixed(1)} s. Its log is below ${dataDir}.`,
      ),
  };
  const running: Supervised[] = [];
  try {
    const console = supervise(plan.console, deps);
    running.push(console);
    console.givenUp.then(stop.resolve, stop.resolve);
    const addresses = await Promise.race([console.ready, stop.promise.then(() => [] as readonly string[])]);
    if (addresses.length > 0 && options.sensor) running.push(startSensor(plan, dataDir, deps, output));
    if (addresses.length > 0) await greet(output, plan, dataDir, addresses, startedAt);
    const sentence = await stop.promise;
    if (sentence !== '') throw new AppError('failed', 500, sentence);
  } finally {
    if (running.length > 0) output.step('Stopping');
    // The sensor first, so that its goodbye is heard.
    await running[1]?.stop(10_000);
    await running[0]?.stop(30_000);
  }
  output.line('Stopped. Everything is kept and found again at the next start.');
};

const startSensor = (
  plan: Plan,
  dataDir: string,
  deps: Parameters<typeof supervise>[1],
  output: Output,
): Supervised => {
  const control = createControlClient(dataDir);
  const enrolled = (): boolean => existsSync(join(plan.sensorStateDir, 'identity.json'));
  const sensor = supervise(
    async () => plan.sensor(enrolled() ? undefined : await control.call('localEnrolment')),
    deps,
  );
  sensor.givenUp.then((sentence) => output.line(`This machine is not watched: ${sentence}`)).catch(() => undefined);
  return sensor;
};

const tell = (output: Output, name: string, message: ChildMessage): void => {
  if (message.kind === 'step') output.step(message.text);
  if (message.kind === 'notice') output.line(`${name}: ${message.text}`);
};

const greet = async (
  output: Output,
  plan: Plan,
  dataDir: string,
  addresses: readonly string[],
  startedAt: number,
): Promise<void> => {
  const row = (name: string, text: string): void => output.line(`  ${dim(name.padEnd(12))} ${text}`);
  const status = await createControlClient(dataDir)
    .call('status')
    .catch((error: unknown) => {
      output.line(`The console started, but its control socket does not answer: ${messageOf(error)}`);
      return undefined;
    });
  output.line();
  row('open', accent(addresses[0] ?? ''));
  if (addresses.length > 1) row('also', addresses.slice(1, 5).join('  '));
  if (status?.firstAdminNeeded === true) {
    const link = await createControlClient(dataDir).call('adminLink');
    row('first admin', bold(link.url));
    row('', dim(`works once, for 24 h; ${programCall().fromHost} admin link${dataDirOption(dataDir)} makes a new one`));
  }
  row(
    'add a host',
    `in the console: Sensors, Add a host; or ${programCall().fromHost} sensor-command${dataDirOption(dataDir)}`,
  );
  row('data', plan.user === undefined ? dataDir : `${dataDir} (console and database run as the user "parapet")`);
  row('stop', 'Ctrl-C');
  output.line();
  output.step(
    `Ready in ${((performance.now() - startedAt) / 1000).toFixed(1)} s. The browser will warn once about the certificate, which this console made itself.`,
  );
};
