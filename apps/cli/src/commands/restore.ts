import { resolve } from 'node:path';
import { AppError } from '@parapet/core';
import type { Command } from 'commander';
import { asConsole, runMaintenance } from '../backup/maintenance.ts';
import { readPassphrase } from '../backup/passphrase.ts';
import { createControlClient } from '../control/control-client.ts';
import { bold, createOutput } from '../output/print.ts';
import { defaultDataDir } from '../settings.ts';
import { openBackup, sentenceOf, verifyFile } from './backup.ts';

type Options = { dataDir: string; config?: string; passphraseFile?: string; withoutKeys?: boolean; json?: boolean };

export const addRestoreCommand = (program: Command): void => {
  program
    .command('restore <file>')
    .description('make an empty data folder, with an empty database, into the console of a backup')
    .option('--passphrase-file <file>', 'passphrase of the keys; - for standard input')
    .option('--without-keys', 'restore the data alone; keys that lie in the data folder are used')
    .option('--data-dir <dir>', 'data folder to restore into; DATABASE_URL names an own database', defaultDataDir())
    .option('--config <file>', 'settings of the console, e.g. an own database; default: PARAPET_CONFIG_FILE')
    .option('--json', 'print JSON')
    .action(restore);
};

const restore = async (file: string, options: Options): Promise<void> => {
  const output = createOutput(options.json === true);
  const dataDir = resolve(options.dataDir);
  const { hasKeys } = await verifyFile(file, output);
  await refuseRunning(dataDir);
  const wantsKeys = hasKeys && options.withoutKeys !== true;
  const passphrase = wantsKeys ? await readPassphrase(options.passphraseFile, 'once') : undefined;
  await using handle = await openBackup(file);
  const answer = await runMaintenance(
    await asConsole({ ...options, dataDir }, output),
    {
      kind: 'restore',
      withoutKeys: options.withoutKeys === true,
      ...(passphrase === undefined ? {} : { passphrase }),
    },
    handle.fd,
    output.step,
  );
  output.line(`${bold('Restored.')} ${sentenceOf(answer)}`);
  if ((answer.migrated ?? []).length > 0) output.line(`Brought up to date: ${answer.migrated?.join(', ')}.`);
  output.line('Everybody signs in anew; API tokens go on. What was revoked after the backup must be revoked again.');
  if (answer.keys === 'none')
    output.line('There are no keys: the console makes new ones at its start, and every sensor must be enrolled anew.');
  else output.line('Start the console under the address that its sensors know; they reconnect by themselves.');
  output.value(answer);
};

const refuseRunning = async (dataDir: string): Promise<void> => {
  const runs = await createControlClient(dataDir)
    .call('status')
    .then(
      () => true,
      (error: unknown) => !(error instanceof AppError && error.code === 'not-running'),
    );
  if (runs)
    throw new AppError(
      'running',
      409,
      'A console runs on this data folder. A backup is restored into an empty one: name it with --data-dir.',
    );
};
