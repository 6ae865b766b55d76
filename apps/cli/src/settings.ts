import { homedir } from 'node:os';
import { join } from 'node:path';

/** Where everything is kept unless an option says otherwise. */
export const defaultDataDir = (): string => {
  const named = process.env['PARAPET_DATA_DIR'];
  if (named !== undefined && named !== '') return named;
  if (process.getuid?.() === 0) return '/var/lib/parapet';
  return join(process.env['XDG_DATA_HOME'] ?? join(homedir(), '.local', 'share'), 'parapet');
};

/** The folder of the built program this runs from. */
export const programDir = (): string => process.env['PARAPET_PROGRAM_DIR'] ?? import.meta.dirname;

/** Where Docker's command line keeps credentials of registries. */
export const dockerConfigPath = (): string =>
  join(process.env['DOCKER_CONFIG'] ?? join(homedir(), '.docker'), 'config.json');
