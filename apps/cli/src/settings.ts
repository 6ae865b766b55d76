import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { findProgramCall, type ProgramCall } from '@parapet/core';

/** Where everything is kept unless an option says otherwise. */
export const defaultDataDir = (): string => {
  const named = process.env['PARAPET_DATA_DIR'];
  if (named !== undefined && named !== '') return named;
  if (process.getuid?.() === 0) return '/var/lib/parapet';
  return join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'parapet');
};

/** The folder of the built program this runs from. */
export const programDir = (): string => process.env['PARAPET_PROGRAM_DIR'] ?? import.meta.dirname;

/** What a command that is told to people needs to find the data folder again: nothing where it would be found anyway. */
export const dataDirOption = (dataDir: string): string =>
  resolve(dataDir) === resolve(defaultDataDir()) ? '' : ` --data-dir ${shellWord(resolve(dataDir))}`;

const shellWord = (text: string): string => (/^[\w./@:+-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);

/** How people call this command line. */
export const programCall = (): ProgramCall => findProgramCall(programDir());

/** Where Docker's command line keeps credentials of registries. */
export const dockerConfigPath = (): string =>
  join(process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker'), 'config.json');

/** What speaks for us to a console on another machine; never an argument, which every user of the machine can read. */
export const tokenSettings = (): {
  readonly token: string | undefined;
  readonly tokenFile: string | undefined;
  readonly authorityFile: string | undefined;
} => ({
  token: filled(process.env['PARAPET_TOKEN']),
  tokenFile: filled(process.env['PARAPET_TOKEN_FILE']),
  authorityFile: filled(process.env['PARAPET_TLS_CA']),
});

const filled = (text: string | undefined): string | undefined => (text === '' ? undefined : text);
