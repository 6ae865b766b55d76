import { existsSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { BackupAnswer } from '@parapet/contract/control';
import { AppError, messageOf } from '@parapet/core';
import type { Command } from 'commander';
import { asConsole, asOneself, runMaintenance } from '../backup/maintenance.ts';
import { readPassphrase } from '../backup/passphrase.ts';
import { writeWholeFile } from '../backup/whole-file.ts';
import { createControlClient } from '../control/control-client.ts';
import { bold, createOutput, type Output } from '../output/print.ts';
import { formatBytes } from '../output/table.ts';
import { defaultDataDir } from '../settings.ts';

type Options = {
  dataDir: string;
  config?: string;
  passphraseFile?: string;
  keys: boolean;
  feeds?: boolean;
  events?: boolean;
  json?: boolean;
};

export const addBackupCommand = (program: Command): void => {
  const backup = program
    .command('backup')
    .description('write everything the console knows into one file, while it runs or not')
    .argument('<file>', 'the file to make; it must not be there yet')
    .option('--passphrase-file <file>', 'passphrase that seals the keys; - for standard input')
    .option('--no-keys', 'leave the keys out: sensors then reconnect only where the keys still are')
    .option('--feeds', 'take the publishers’ files of the advisories along')
    .option('--events', 'take the events of telemetry along, which are most of a large console’s data')
    .option('--data-dir <dir>', 'data folder of the console', defaultDataDir())
    .option('--config <file>', 'settings of the console, e.g. an own database; default: PARAPET_CONFIG_FILE')
    .option('--json', 'print JSON')
    .action(makeBackup);
  backup
    .command('verify <file>')
    .description('check every byte of a backup')
    .action(async (file: string) => {
      const output = createOutput(backup.opts<Options>().json === true);
      const answer = await verifyFile(file, output);
      output.line(`${bold('The backup is whole.')} ${sentenceOf(answer)}`);
      output.value(answer);
    });
};

const makeBackup = async (file: string, options: Options): Promise<void> => {
  const output = createOutput(options.json === true);
  const passphrase = options.keys ? await readPassphrase(options.passphraseFile, 'twice') : undefined;
  if (options.keys && passphrase === undefined) {
    throw new AppError(
      'usage',
      400,
      'The keys in a backup are sealed by a passphrase: give one by --passphrase-file or PARAPET_BACKUP_PASSPHRASE, or leave the keys out with --no-keys.',
    );
  }
  const choice = {
    ...(passphrase === undefined ? {} : { passphrase }),
    withFeeds: options.feeds === true,
    withEvents: options.events === true,
  };
  const path = resolve(file);
  const answer = await writeWholeFile(path, async (handle) => {
    await fill(handle, { ...options, dataDir: resolve(options.dataDir) }, choice, output);
    output.step('Checking what was written');
    return runMaintenance(asOneself(), { kind: 'verify' }, handle.fd, () => undefined);
  });
  output.line(`${bold(path)}: ${formatBytes(answer.sizeBytes)}, checked. ${sentenceOf(answer)}`);
  output.value({ file: path, ...answer });
};

type Choice = { readonly passphrase?: string; readonly withFeeds: boolean; readonly withEvents: boolean };

/** From the running console; where none runs, from its data folder. */
const fill = async (
  handle: FileHandle,
  options: { readonly dataDir: string; readonly config?: string },
  choice: Choice,
  output: Output,
): Promise<void> => {
  const { dataDir } = options;
  try {
    const stream = await createControlClient(dataDir).download('backup', choice);
    let bytes = 0;
    let toldAt = performance.now();
    for await (const chunk of stream) {
      await handle.writeFile(chunk as Buffer);
      bytes += (chunk as Buffer).length;
      if (performance.now() - toldAt < 1000) continue;
      toldAt = performance.now();
      output.step(`${formatBytes(bytes)} written`);
    }
    return;
  } catch (error) {
    if (!(error instanceof AppError && error.code === 'not-running')) throw brokenOff(error);
  }
  if (!existsSync(join(dataDir, 'console', 'version.json'))) {
    throw new AppError('no-data', 409, `There is no console in ${dataDir}. Name its folder with --data-dir.`);
  }
  output.step('No console runs on this data folder: its database is started for the backup');
  await runMaintenance(await asConsole(options, output), { kind: 'backup', ...choice }, handle.fd, output.step);
};

const brokenOff = (error: unknown): unknown =>
  error instanceof AppError
    ? error
    : new AppError(
        'cut-short',
        500,
        `The console broke off, and nothing is left of the backup. Its log says why. (${messageOf(error)})`,
      );

/** Opens a backup to read and checks it. */
export const verifyFile = async (file: string, output: Output): Promise<BackupAnswer> => {
  await using handle = await openBackup(file);
  output.step('Reading it from end to end');
  return await runMaintenance(asOneself(), { kind: 'verify' }, handle.fd, output.step);
};

export const openBackup = async (file: string): Promise<FileHandle> => {
  try {
    return await open(resolve(file), 'r');
  } catch (cause) {
    const isMissing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
    const message = isMissing ? `There is no file ${file}.` : `${file} cannot be read: ${messageOf(cause)}`;
    throw new AppError('no-file', 400, message, { cause });
  }
};

export const sentenceOf = (answer: BackupAnswer): string =>
  `The console ${answer.console} as of ${answer.takenAt}, written by Parapet ${answer.program}: ${answer.rows.toLocaleString('en')} rows in ${answer.tables} tables, ${answer.hasKeys ? 'with its keys (sealed)' : 'without its keys'}${answer.hasFeeds ? ', with the publishers’ files' : ''}, ${answer.hasEvents ? 'with its events' : 'without its events (--events takes them along)'}.`;
