import { join, resolve } from 'node:path';
import type { Command } from 'commander';
import { defaultDataDir, programDir } from '../settings.ts';
import { parsePort } from './up.ts';

/** Runs the console in this very process: for service managers and containers. */
export const addConsoleCommand = (program: Command): void => {
  program
    .command('console')
    .description('run the console alone, in the foreground, as the user you are (not root)')
    .option('--data-dir <dir>', 'where everything is kept', defaultDataDir())
    .option('--host <address>', 'address to listen on', '::')
    .option('--port <n>', 'port of web, API and sensors', parsePort, 8443)
    .option('--tls-cert <file>', 'own web certificate (PEM), with --tls-key')
    .option('--tls-key <file>', 'its key (PEM)')
    .action((options: { dataDir: string; host: string; port: number; tlsCert?: string; tlsKey?: string }) => {
      replaceProcess('console.js', [], {
        PARAPET_DATA_DIR: join(resolve(options.dataDir), 'console'),
        PARAPET_HOST: options.host,
        PARAPET_PORT: String(options.port),
        PARAPET_TLS_CERT: options.tlsCert,
        PARAPET_TLS_KEY: options.tlsKey,
        PARAPET_WEB_DIR: join(programDir(), 'web'),
      });
    });
};

/** Becomes another of our programs, keeping the process id that a service manager knows. */
export const replaceProcess = (
  script: string,
  flags: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): void => {
  const defined = Object.fromEntries(
    Object.entries({ ...process.env, ...env }).filter(([, value]) => value !== undefined),
  );
  if (process.execve === undefined) throw new Error('This Node cannot replace its process.');
  process.execve(
    process.execPath,
    [process.execPath, '--disable-warning=ExperimentalWarning', ...flags, join(programDir(), script)],
    defined as NodeJS.ProcessEnv,
  );
};
