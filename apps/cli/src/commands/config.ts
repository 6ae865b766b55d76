import type { Command } from 'commander';
import { defaultDataDir } from '../settings.ts';
import { type ConsoleOptions, consoleVariables, replaceProcess } from './console.ts';
import { parsePort } from './port.ts';

export const addConfigCommand = (program: Command): void => {
  const config = program.command('config').description('settings of the console');
  config
    .command('check')
    .description('print the settings in force, secrets hidden, and where each comes from; starts nothing')
    .option('--config <file>', 'the configuration file (default: the one PARAPET_CONFIG_FILE names)')
    .option('--data-dir <dir>', 'where everything is kept', defaultDataDir())
    .option('--host <address>', 'address to listen on')
    .option('--port <n>', 'port of web, API and sensors', parsePort)
    .option('--tls-cert <file>', 'own web certificate (PEM)')
    .option('--tls-key <file>', 'its key (PEM)')
    .option('--json', 'print JSON')
    .action((options: ConsoleOptions & { readonly json?: boolean }) => {
      const args = options.json === true ? ['--json'] : [];
      replaceProcess('console.js', [], consoleVariables(options), ['check-config', ...args]);
    });
};
