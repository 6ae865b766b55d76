import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { defaultDataDir, programDir } from '../settings.ts';
import { parsePort } from './port.ts';

/** Runs the console in this very process: for service managers and containers. */
export const addConsoleCommand = (program: Command): void => {
  addConsoleOptions(
    program.command('console').description('run the console alone, in the foreground, as the user you are (not root)'),
  ).action((options: ConsoleOptions) =>
    // The one C heap is the command line's own: the console has many threads that work at the same time.
    replaceProcess('console.js', [], { ...consoleVariables(options), MALLOC_ARENA_MAX: undefined }),
  );
};

/** What every command that starts a console can be told about it. */
export const addConsoleOptions = (command: Command): Command =>
  command
    .option('--data-dir <dir>', 'where everything is kept', defaultDataDir())
    .option('--host <address>', 'address to listen on (default: all)')
    .option('--port <n>', 'port of web, API and sensors (default: 8443)', parsePort)
    .option('--config <file>', 'read settings from this file; options and the environment go first')
    .option('--tls-cert <file>', 'own web certificate (PEM), with --tls-key')
    .option('--tls-key <file>', 'its key (PEM)');

export type ConsoleOptions = {
  readonly dataDir: string;
  readonly host?: string;
  readonly port?: number;
  readonly config?: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
};

/** What options say to the console; what was not given is left to the environment and the configuration file. */
export const consoleVariables = (options: ConsoleOptions): Readonly<Record<string, string | undefined>> => ({
  PARAPET_DATA_DIR: join(resolve(options.dataDir), 'console'),
  ...(options.host === undefined ? {} : { PARAPET_HOST: options.host }),
  ...(options.port === undefined ? {} : { PARAPET_PORT: String(options.port) }),
  ...(options.config === undefined ? {} : { PARAPET_CONFIG_FILE: resolve(options.config) }),
  ...(options.tlsCert === undefined ? {} : { PARAPET_TLS_CERT: resolve(options.tlsCert) }),
  ...(options.tlsKey === undefined ? {} : { PARAPET_TLS_KEY: resolve(options.tlsKey) }),
  PARAPET_WEB_DIR: join(programDir(), 'web'),
});

/** Becomes another of our programs, keeping the process id that a service manager knows. */
export const replaceProcess = (
  script: string,
  flags: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
  args: readonly string[] = [],
): void => {
  const defined = Object.fromEntries(
    Object.entries({ ...process.env, ...env }).filter(([, value]) => value !== undefined),
  );
  if (process.execve === undefined) throw new Error('This Node cannot replace its process.');
  process.execve(
    process.execPath,
    [process.execPath, '--disable-warning=ExperimentalWarning', ...flags, join(programDir(), script), ...args],
    defined as NodeJS.ProcessEnv,
  );
};
