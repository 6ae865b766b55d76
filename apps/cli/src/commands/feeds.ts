import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FeedStatus } from '@parapet/contract/api';
import { AppError } from '@parapet/core';
import type { Command } from 'commander';
import { type ControlClient, createControlClient } from '../control/control-client.ts';
import { createOutput, type Output } from '../output/print.ts';
import { formatBytes, formatTable } from '../output/table.ts';
import { defaultDataDir, programCall } from '../settings.ts';

type Options = { dataDir: string; json?: boolean };

export const addFeedsCommand = (program: Command): void => {
  const feeds = program.command('feeds').description('advisories, known exploited vulnerabilities, exploit prediction');
  const add = (name: string, description: string) =>
    feeds
      .command(name)
      .description(description)
      .option('--data-dir <dir>', 'data folder of the running console', defaultDataDir())
      .option('--json', 'print JSON');

  add('status', 'which feeds are active and how old they are').action(async (options: Options) => {
    show(createOutput(options.json === true), await createControlClient(options.dataDir).call('feedsStatus'));
  });
  add('update', 'fetch from the publishers now').action(async (options: Options) => {
    const output = createOutput(options.json === true);
    const client = createControlClient(options.dataDir);
    await client.call('feedsUpdate');
    show(output, await untilDone(client, output));
  });
  add('import <file>', 'import a bundle: zip, tar.gz or tar.zst').action(async (file: string, options: Options) => {
    const output = createOutput(options.json === true);
    const size = await stat(file).catch(() => undefined);
    if (size?.isFile() !== true) throw new AppError('no-file', 400, `There is no file ${file}.`);
    const client = createControlClient(options.dataDir);
    output.step(`Sending ${formatBytes(size.size)}`);
    await client.upload('feedsImport', createReadStream(file));
    show(output, await untilDone(client, output));
  });
};

/** Follows a running update to its end, printing each new step. */
const untilDone = async (client: ControlClient, output: Output): Promise<FeedStatus> => {
  let lastStep = '';
  for (;;) {
    const status = await client.call('feedsStatus');
    const update = status.update;
    if (update === undefined || update.state === 'done') return status;
    if (update.state === 'failed')
      throw new AppError(
        'feeds-failed',
        400,
        update.error ?? 'The feeds could not be taken over. Nothing was changed.',
      );
    const step = update.progress === undefined ? update.step : `${update.step} ${Math.round(update.progress * 100)} %`;
    if (step !== lastStep) output.step(step);
    lastStep = step;
    await sleep(500);
  }
};

const show = (output: Output, status: FeedStatus): void => {
  output.value(status);
  if (status.active === undefined) {
    output.line('There are no feeds yet, so packages are listed but not matched.');
    const { here } = programCall();
    output.line(`Fetch them with ${here} feeds update, or on a machine without Internet ${here} feeds import FILE.`);
    return;
  }
  const { version, advisories, activatedAt, sizeBytes } = status.active;
  output.line(
    `Feeds ${version}: ${advisories.toLocaleString('en')} advisories, ${formatBytes(sizeBytes)}, active since ${activatedAt}`,
  );
  output.line(
    formatTable(
      ['source', 'records', 'data of', 'last error'],
      status.sources.map((source) => [
        source.name,
        source.records.toLocaleString('en'),
        source.dataAt ?? '',
        source.lastError ?? '',
      ]),
    ),
  );
};
