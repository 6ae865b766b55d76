import type { Command } from 'commander';
import { createControlClient } from '../control/control-client.ts';
import { bold, createOutput } from '../output/print.ts';
import { defaultDataDir } from '../settings.ts';

export const addAdminCommand = (program: Command): void => {
  const admin = program.command('admin').description('for the people who run the console');
  admin
    .command('link')
    .description('make a new one-time link: for the first admin, or to reset a person’s password')
    .option('--user <name>', 'whose password to reset, when there is an admin already')
    .option('--data-dir <dir>', 'data folder of the running console', defaultDataDir())
    .option('--json', 'print JSON')
    .action(async (options: { user?: string; dataDir: string; json?: boolean }) => {
      const output = createOutput(options.json === true);
      const answer = await createControlClient(options.dataDir).call('adminLink', { username: options.user });
      output.line(answer.purpose === 'first-admin' ? 'Make the first admin here:' : 'Set a new password here:');
      output.line(bold(answer.url));
      output.line(`It works once, until ${answer.expiresAt}.`);
      output.value(answer);
    });
};
